import { createHash, randomBytes } from 'node:crypto';

/** A person's browser, as far as signing in needs one: cookies by path, redirects by hand, forms. */
export class Browser {
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();

  /** Requests without following redirects. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url);
    const cookie = [...this.#cookies]
      .filter(
        ([, { path }]) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
      )
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const headers = new Headers(init.headers);
    headers.set('accept', 'text/html');
    if (cookie !== '') headers.set('cookie', cookie);
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line, pathname);
    return response;
  }

  /** Follows redirects as long as they stay on this host; returns the last answer and where it came from. */
  async open(
    url: string,
    init: RequestInit = {},
  ): Promise<{ readonly response: Response; readonly url: string }> {
    const { origin } = new URL(url);
    let at = url;
    let response = await this.request(at, init);
    while (response.status >= 300 && response.status < 400) {
      at = new URL(response.headers.get('location') ?? '', at).href;
      if (new URL(at).origin !== origin) break;
      response = await this.request(at);
    }
    return { response, url: at };
  }

  /** Sends a form as a browser does that shows this page. */
  submit(
    url: string,
    fields: Record<string, string>,
  ): Promise<{ readonly response: Response; readonly url: string }> {
    return this.open(url, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { 'sec-fetch-site': 'same-origin', origin: new URL(url).origin },
    });
  }

  /** What a thief of the cookies would hold. */
  cookieValues(): string[] {
    return [...this.#cookies.values()].map(({ value }) => value);
  }

  #keep(line: string, pathname: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(name.length + 1);
    const path = attributes.find((one) => one.toLowerCase().startsWith('path='))?.slice(5) ?? pathname;
    if (value === '') this.#cookies.delete(name);
    else this.#cookies.set(name, { value, path });
  }
}

/** Where the test client wants its codes. */
export const redirectUri = 'https://console.example/callback';

/** The address that starts a sign-in, and the secret that redeems its code (RFC 7636). */
export function beginSignIn(
  realm: string,
  clientId: string,
  more: Record<string, string> = {},
): { readonly url: string; readonly verifier: string } {
  const verifier = randomBytes(32).toString('base64url');
  const parameters = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile email roles',
    state: 'some-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
  return { url: `${realm}/protocol/openid-connect/auth?${parameters.toString()}`, verifier };
}

/** The hidden token of a form. */
export function csrfOf(html: string): string {
  return /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
}

/** Signs in on the page and returns the code that the client gets. */
export async function signIn(
  browser: Browser,
  url: string,
  who: { readonly name: string; readonly password: string },
): Promise<string> {
  const page = await browser.open(url);
  const csrf = csrfOf(await page.response.text());
  const done = await browser.submit(page.url, { ...who, csrf });
  const code = new URL(done.url).searchParams.get('code');
  if (code === null)
    throw new Error(`no code: ${done.response.status} ${done.url} ${await done.response.text()}`);
  return code;
}

/** What the token endpoint answers. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
  readonly expires_in: number;
  readonly token_type: string;
  readonly error?: string;
}

/** Status and JSON of an answer. */
export interface Answered<Answer> {
  readonly status: number;
  readonly body: Answer;
}

/** Posts a form and reads the JSON. */
export async function postForm<Answer = TokenAnswer>(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answered<Answer>> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text === '' ? '{}' : text) };
}

/** The header of a confidential client. */
export function basic(clientId: string, secret: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` };
}
