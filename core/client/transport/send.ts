/** Sends one request; what `fetch` does, or that with something added. */
export type Send = (request: Request) => Promise<Response>;

/** Whether the body can be sent a second time: JSON is kept until it is answered, a file is not. */
export function isRepeatable(request: Request): boolean {
  const type = request.headers.get('content-type');
  return type === null || isJson(type);
}

/** Whether a content type is JSON, such as `application/json` or `application/problem+json; charset=utf-8`. */
export function isJson(contentType: string | null): boolean {
  return contentType !== null && /[/+]json(?:;|$)/.test(contentType);
}
