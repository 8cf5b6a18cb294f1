import { isAppError, validationFailed } from '@orchestrall/sdk';
import type { Fault } from '@orchestrall/sdk';
import { parsePattern } from '../../bus/pattern.ts';
import type { Policy } from '../sending/policy.ts';
import type { WebhookChange } from './webhook.ts';

/** What the connection, the content and our own headers are made of: a message would be another than it is signed as. */
const ownHeaders =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|via|date|cookie|content-.*|proxy-.*|user-agent|x-signature|x-event-id|x-delivery-.*|ce-.*)$/i;
const headerName = /^[A-Za-z0-9-]{1,64}$/;
const headerValue = /^[\x20-\x7e]{1,1024}$/;

/**
 * Checks what a webhook is made or changed with: throws `VALIDATION_FAILED` with every fault of form, and what
 * `Policy.checkUrl` throws for an address that is none of those the client's YAML allows.
 */
export function checkWebhook(change: WebhookChange, policy: Policy): void {
  const { url, patterns = [], headers = {}, description = '' } = change;
  const faults = [
    ...(url === undefined ? [] : urlFaults(url)),
    ...patterns.flatMap((pattern, index) => patternFaults(pattern, `/patterns/${index}`)),
    ...headerFaults(headers),
    ...descriptionFaults(description),
  ];
  if (faults.length > 0) throw validationFailed(faults);
  if (url !== undefined) policy.checkUrl(new URL(url));
}

function urlFaults(text: string): Fault[] {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    return urlFault('must be an absolute address with https');
  if (/[\p{Cc}\s]/u.test(text) || !text.isWellFormed())
    return urlFault('must have no spaces or control characters');
  if (url.username !== '' || url.password !== '') {
    return urlFault('must have no user or password; send them in the header Authorization');
  }
  if (text.includes('#')) return urlFault('must have no fragment, since it is never sent');
  return [];
}

function urlFault(message: string): Fault[] {
  return [{ path: '/url', message }];
}

function patternFaults(pattern: string, path: string): Fault[] {
  try {
    parsePattern(pattern);
    return [];
  } catch (error) {
    if (!isAppError(error)) throw error;
    return [{ path, message: `${error.message} ${error.remedy}` }];
  }
}

function headerFaults(headers: Readonly<Record<string, string>>): Fault[] {
  const names = Object.keys(headers);
  const doubled = new Set(names.map((name) => name.toLowerCase())).size < names.length;
  const faults: Fault[] = doubled
    ? [{ path: '/headers', message: 'must name each header once, whatever its case' }]
    : [];
  for (const [name, value] of Object.entries(headers)) {
    const path = `/headers/${name.slice(0, 64)}`;
    if (!headerName.test(name)) {
      faults.push({ path, message: 'must be named by 1 to 64 letters, digits and hyphens' });
    } else if (ownHeaders.test(name)) {
      faults.push({ path, message: 'is set by the appliance itself and cannot be chosen' });
    }
    if (!headerValue.test(value))
      faults.push({ path, message: 'must be 1 to 1024 printable characters of ASCII' });
  }
  return faults;
}

function descriptionFaults(text: string): Fault[] {
  if (/[^\P{Cc}\n\t]/u.test(text) || !text.isWellFormed()) {
    return [{ path: '/description', message: 'must have no control characters' }];
  }
  return [];
}
