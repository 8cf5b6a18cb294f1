import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayTarget } from '../../http/gateway/prefix-table.ts';

/** The target of one generation, remembering what it still answers so that it can be cut. */
export class OpenResponses implements GatewayTarget {
  readonly #target: GatewayTarget;
  readonly #open = new Set<ServerResponse>();
  // One function for all responses: `this` is the response that closed.
  readonly #onClose: (this: ServerResponse) => void;

  constructor(target: GatewayTarget) {
    this.#target = target;
    const open = this.#open;
    this.#onClose = function forget() {
      open.delete(this);
    };
  }

  dispatch(request: IncomingMessage, response: ServerResponse): void {
    this.#open.add(response);
    response.on('close', this.#onClose);
    this.#target.dispatch(request, response);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#target.upgrade(request, socket, head);
  }

  /** Destroys the connections of all open responses; returns how many there were. */
  destroyAll(): number {
    const open = [...this.#open].filter((response) => !response.destroyed);
    for (const response of open) response.destroy();
    return open.length;
  }
}
