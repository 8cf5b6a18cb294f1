import { defineErrors } from '@orchestrall/sdk';

/** Errors of the provider `salesforce`. No message holds a token, a secret or a field of a record. */
export const salesforceErrors = {
  SALESFORCE_NOT_CONFIGURED: {
    status: 500,
    message: 'The provider salesforce cannot run: {list}.',
    remedy:
      'Complete features.crm_integration.config as docs/how-to/connect-salesforce.md shows, or set the provider to builtin.',
  },
  SALESFORCE_KEY_INVALID: {
    status: 502,
    message: 'The private key of the provider salesforce cannot be used: {reason}.',
    remedy:
      'Give an unencrypted RSA key of 2,048 bits or more in PEM, whose certificate the connected app holds.',
  },
  SALESFORCE_SIGN_IN_REFUSED: {
    status: 502,
    message: 'Salesforce refused to sign in: {error_code}: {reason}.',
    remedy:
      'Compare client id, secret or key and user with the connected app, and see that its flow is enabled and its user pre-authorised.',
  },
  SALESFORCE_SESSION_REFUSED: {
    status: 502,
    message: 'Salesforce refused {request} with a session that it had just given out.',
    remedy:
      'Look at the session settings and the allowed addresses of the user in Salesforce, and at instance_url.',
  },
  SALESFORCE_INSTANCE_DIFFERS: {
    status: 502,
    message: 'Salesforce signed in to {found}, and not to {expected}.',
    remedy:
      'Set instance_url to the My Domain address of the organisation, and allow that host to the plugin.',
  },
  SALESFORCE_REFUSED: {
    status: 502,
    message: 'Salesforce refused {request} with {status} {error_code}: {reason}.',
    remedy:
      'Look at the permissions of the user in Salesforce and at the mapping; the reason is Salesforce’s own.',
  },
  SALESFORCE_UNAVAILABLE: {
    status: 503,
    message: 'Salesforce did not answer {request} in {attempts} attempts: {reason}.',
    remedy: 'It is tried again by itself; see https://status.salesforce.com when it lasts.',
  },
  SALESFORCE_LIMIT_REACHED: {
    status: 503,
    message: 'The organisation has used {used} of its {limit} Salesforce API requests of the last 24 hours.',
    remedy:
      'It goes on by itself as requests become free; raise the limit, or api_reserve_percent is set too high.',
  },
  SALESFORCE_ANSWER_UNREADABLE: {
    status: 502,
    message: '{request} was answered with {found} where {expected} was expected.',
    remedy:
      'See that instance_url is the My Domain address of the organisation and api_version one that it has, and that no proxy or maintenance page answers in its place.',
  },
  SALESFORCE_ANSWER_TOO_LARGE: {
    status: 502,
    message: '{request} was answered with more than {max_bytes} bytes.',
    remedy: 'Map fewer fields of the object.',
  },
  SALESFORCE_JOB_FAILED: {
    status: 502,
    message: 'The Bulk API job {job_id} of {object} ended as {state}: {reason}.',
    remedy:
      'It is begun anew at the next run; look at the job in Salesforce under Bulk Data Load Jobs when it lasts.',
  },
} as const;

/** Creates an error of this table. */
export const salesforceError = defineErrors(salesforceErrors);
