/** Why a token was refused; goes to the log, never to the caller. */
export type RefusalReason =
  | 'algorithm_not_allowed'
  | 'audience_wrong'
  | 'caller_malformed'
  | 'claims_duplicated'
  | 'claims_malformed'
  | 'expired'
  | 'expiry_missing'
  | 'header_forbidden'
  | 'header_malformed'
  | 'issued_in_future'
  | 'issuer_wrong'
  | 'key_unknown'
  | 'kind_wrong'
  | 'not_yet_valid'
  | 'revoked'
  | 'roles_malformed'
  | 'sender_constrained'
  | 'signature_wrong'
  | 'token_malformed'
  | 'token_too_large';

/** A token that is not accepted, with the reason for the log. */
export class TokenRefusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, cause?: unknown) {
    super(`token refused: ${reason}`, cause === undefined ? undefined : { cause });
    this.name = 'TokenRefusal';
    this.reason = reason;
  }
}
