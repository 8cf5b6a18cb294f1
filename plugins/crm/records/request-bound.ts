/**
 * Most records one request changes: each of them is written with its event, audit entry and timeline in one
 * transaction, which has to end before the request does.
 */
export const maxRecordsPerRequest = 10_000;
