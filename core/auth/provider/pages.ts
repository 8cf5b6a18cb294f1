import { hash } from 'node:crypto';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { width: min(22rem, calc(100vw - 2rem)); padding: 2rem 0; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .625rem; font: inherit; border: 1px solid GrayText; border-radius: 4px; }
button { margin-top: 1.5rem; width: 100%; padding: .75rem; font: inherit; font-weight: 600; border: 0; border-radius: 4px;
  background: #1d4ed8; color: #fff; cursor: pointer; }
button.plain { margin-top: .5rem; background: none; color: LinkText; text-decoration: underline; }
input:focus-visible, button:focus-visible { outline: 3px solid #f59e0b; outline-offset: 2px; }
[role=alert] { padding: .75rem; border-left: 4px solid #dc2626; background: color-mix(in srgb, #dc2626 12%, Canvas); }
`;
const styleHash = hash('sha256', style, 'base64');

/** Headers that keep an answer from being framed, sniffed or told to others. */
const guards = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * Headers of every answer, unless a page of ours has its own. The provider's own pages, which send a form on by
 * themselves, add their script to the directive that stands here for it; where those forms lead is the client's.
 */
export const answerHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; script-src; base-uri 'none'; frame-ancestors 'none'`,
  ...guards,
};

/** Headers of every page of ours; `formTargets` are the origins to which a form may lead, besides our own. */
export function pageHeaders(formTargets: readonly string[] = []): Readonly<Record<string, string>> {
  const policy = [
    `default-src 'none'`,
    `style-src 'sha256-${styleHash}'`,
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': policy,
    ...guards,
  };
}

/** What the sign-in page shows. */
export interface SignInView {
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
  readonly name?: string;
  readonly fault?: string;
}

/** The sign-in page; works without scripts and asks nothing of other hosts. */
export function signInPage(view: SignInView): string {
  const alert = view.fault === undefined ? '' : `<p role="alert" id="fault">${escape(view.fault)}</p>`;
  const described = view.fault === undefined ? '' : ' aria-describedby="fault" aria-invalid="true"';
  // The field that has to be filled next is focused: after a fault the name is there already.
  const [nameFocus, passwordFocus] = (view.name ?? '') === '' ? [' autofocus', ''] : ['', ' autofocus'];
  return page(
    'Sign in',
    `<h1>Sign in</h1>
<p>to continue to ${escape(view.clientName)}</p>
${alert}
<form method="post" action="${escape(view.action)}">
<input type="hidden" name="csrf" value="${escape(view.csrf)}">
<label for="name">User name</label>
<input id="name" name="name" value="${escape(view.name ?? '')}" required maxlength="64" autocomplete="username"
 autocapitalize="none" spellcheck="false"${described}${nameFocus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password"${described}${passwordFocus}>
<button type="submit">Sign in</button>
</form>`,
  );
}

/** Asks whether to sign out; `form` is oidc-provider's, with the id `op.logoutForm`. */
export function signOutPage(form: string): string {
  return page(
    'Sign out',
    `<h1>Sign out?</h1>
${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
<button type="submit" form="op.logoutForm" class="plain">Stay signed in</button>`,
  );
}

/** Tells something that needs no answer. */
export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escape(title)}</h1>\n<p>${escape(text)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} - Orchestrall</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Where a form may lead after redirects, as a source of a content security policy. */
export function formTarget(uri: string): string {
  const parsed = URL.parse(uri);
  if (parsed === null) return "'self'";
  return parsed.origin === 'null' ? parsed.protocol : parsed.origin;
}
