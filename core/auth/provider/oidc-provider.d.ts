/**
 * The part of oidc-provider 9 that this room uses; the package ships no types.
 * Source: https://github.com/panva/node-oidc-provider/blob/v9.x/docs/README.md
 */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  /** What a model hands to the adapter; the members that we read, among others. */
  export interface ModelPayload {
    readonly kind?: string;
    readonly jti?: string;
    readonly uid?: string;
    readonly accountId?: string;
    readonly clientId?: string;
    readonly grantId?: string;
    readonly sessionUid?: string;
    readonly scope?: string;
    readonly iat?: number;
    readonly exp?: number;
    readonly extra?: Readonly<Record<string, unknown>>;
    readonly [member: string]: unknown;
  }

  export interface Adapter {
    upsert(id: string, payload: ModelPayload, expiresIn?: number): Promise<void>;
    find(id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
    findByUid(uid: string): Promise<Readonly<Record<string, unknown>> | undefined>;
    findByUserCode(userCode: string): Promise<undefined>;
    consume(id: string): Promise<void>;
    destroy(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  export interface Token {
    readonly kind: string;
    readonly jti: string;
    readonly accountId?: string;
    readonly clientId: string;
  }

  export interface TokenModel {
    readonly prototype: {
      /** A method; declared as a property since it is replaced by one that calls it. */
      getValueAndPayload: (this: Token) => Promise<{ value: string; payload?: ModelPayload }>;
    };
    find: (value: unknown, options?: object) => Promise<Token | undefined>;
  }

  export interface Client {
    readonly clientId: string;
    readonly clientName?: string;
    readonly clientAuthMethod: string;
    readonly clientSecret?: string;
    grantTypeAllowed(type: string): boolean;
    compareClientSecret(secret: string): boolean;
    /** Members of `extraClientMetadata.properties` keep their names. */
    readonly [member: string]: unknown;
  }

  export interface Account {
    readonly accountId: string;
    claims(use: string, scope: string): Promise<Readonly<Record<string, unknown>> & { readonly sub: string }>;
  }

  export interface Grant {
    readonly jti: string;
    exp: number;
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  export interface Context {
    status: number;
    type: string;
    body: unknown;
    readonly method: string;
    /** Below the mount path. */
    readonly path: string;
    set(name: string, value: string): void;
    readonly oidc: {
      readonly route: string;
      readonly client: Client;
      readonly account?: Account;
      readonly session: {
        readonly exp?: number;
        accountId?: string;
        grantIdFor(clientId: string): string | undefined;
      };
      readonly params: Readonly<Record<string, string | undefined>>;
      readonly result?: { readonly consent?: { readonly grantId?: string } };
      readonly entities: { readonly Client?: Client; readonly Account?: Account };
    };
  }

  export interface InteractionDetails {
    readonly uid: string;
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly issuer: string;
    proxy: boolean;
    readonly AccessToken: TokenModel;
    readonly ClientCredentials: TokenModel;
    readonly Client: {
      readonly prototype: { compareClientSecret: (this: Client, secret: string) => boolean };
    };
    readonly Grant: {
      new (fields: { accountId: string; clientId: string }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): this;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
    on(event: 'server_error', listener: (context: Context, error: Error) => void): this;
    on(
      event: 'grant.error' | 'authorization.error',
      listener: (context: Context, error: Error) => void,
    ): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export const interactionPolicy: {
    base(): unknown[] & { remove(name: string): void };
  };

  export const errors: {
    readonly InvalidGrant: new (detail: string) => Error;
    readonly SessionNotFound: new (...parameters: unknown[]) => Error;
  };
}
