// The public door.
export { ApiError, ConnectionError } from './api-error.ts';
export type { Fault } from './api-error.ts';
export { clientCredentials } from './client-credentials.ts';
export type { ClientCredentials } from './client-credentials.ts';
export { createClient } from './client.ts';
export type { Answer, Call, Client, ClientOptions } from './client.ts';
export type * from './operation-types.ts';
export type * from './schema.d.ts';
export type { IssuedToken, Token } from './token.ts';
export type { RetryOptions } from './transport/retry.ts';
export type { Send } from './transport/send.ts';
export type { Upload } from './upload.ts';
