/** Webhooks of one appliance: each has a place of its own to send from, so that no slow one is waited for. */
export const maxWebhooks = 50;

/** Deliveries of one webhook that wait at most; what is beyond stays in the history until there is room. */
export const maxWaiting = 10_000;

/** How long a delivery is tried, from when it was created or last asked for again. */
export const patienceHours = 24;
