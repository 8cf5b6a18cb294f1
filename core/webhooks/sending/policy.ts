import type { BlockList } from 'node:net';
import { isIP } from 'node:net';
import { matchesHost } from '../../config/host-pattern.ts';
import type { Webhooks } from '../../config/sections/webhooks.ts';
import { coreError } from '../../errors.ts';
import { isReachable, networks } from './address.ts';

/** Where webhooks may be sent, by the section `webhooks` of the client's YAML as it stands. */
export interface Policy {
  /**
   * Refuses a URL that the YAML does not name: throws `WEBHOOK_HOST_NOT_ALLOWED`, `WEBHOOK_SCHEME_NOT_ALLOWED`, and
   * `WEBHOOK_ADDRESS_REFUSED` where the host is an address.
   */
  checkUrl(url: URL): void;
  /** Refuses an address that a host's name has led to. Throws `WEBHOOK_ADDRESS_REFUSED`. */
  checkAddress(address: string, host: string): void;
}

/** The policy of one state of the configuration. */
export function policyOf({ allowed_hosts, allowed_networks, allow_http }: Webhooks): Policy {
  const allowed: BlockList = networks(allowed_networks);
  const checkAddress = (address: string, host: string): void => {
    if (!isReachable(address, allowed)) throw coreError('WEBHOOK_ADDRESS_REFUSED', { host, address });
  };
  return {
    checkAddress,
    checkUrl(url) {
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allow_http)) {
        throw coreError('WEBHOOK_SCHEME_NOT_ALLOWED', { scheme: url.protocol.slice(0, -1) });
      }
      if (!allowed_hosts.some((pattern) => matchesHost(pattern, url))) {
        throw coreError('WEBHOOK_HOST_NOT_ALLOWED', { host: url.host });
      }
      const name = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
      if (isIP(name) !== 0) checkAddress(name, url.host);
    },
  };
}
