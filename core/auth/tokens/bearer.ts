/**
 * The token of an `Authorization: Bearer` header, undefined when it is absent or of another form
 * (https://www.rfc-editor.org/rfc/rfc6750#section-2.1): the scheme in any case, one space, one token, nothing more.
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1];
}
