import { createHook, type AsyncHook } from 'node:async_hooks';
import { currentScope } from '../../telemetry/scope.ts';

/** Something a generation has left behind. */
export interface Leak {
  /** `Timeout`, `TCPWRAP`, `PROCESSWRAP`, ... as Node names it, or `listener process:<event>`. */
  readonly kind: string;
  /** Where it was made, when creation stacks are recorded. */
  readonly madeAt?: string;
}

interface Tracked {
  readonly kind: string;
  readonly resource: WeakRef<object>;
  readonly madeAt: string | undefined;
}

/** Resources that keep a process alive or run code later; promises and requests of such handles do not count. */
const handleKinds = new Set([
  'Timeout',
  'TCPSERVERWRAP',
  'TCPWRAP',
  'PIPESERVERWRAP',
  'PIPEWRAP',
  'UDPWRAP',
  'PROCESSWRAP',
  'WORKER',
  'FSEVENTWRAP',
  'STATWATCHER',
  'TTYWRAP',
  'SIGNALWRAP',
]);

const key = (plugin: string, generation: number): string => `${plugin}#${generation}`;

/**
 * Sees every handle, timer and process listener made while a plugin's code runs, by the scope it runs in.
 * What is still there once a generation is disposed was not obtained through the context.
 */
export class LeakTracker implements Disposable {
  readonly #hook: AsyncHook;
  readonly #handles = new Map<string, Map<number, Tracked>>();
  readonly #owners = new Map<number, string>();
  readonly #listeners = new Map<string, { readonly event: string | symbol; readonly listener: Function }[]>();
  readonly #recordStacks: boolean;

  /** `recordStacks` costs a stack trace for each handle a plugin makes: for development. */
  constructor(options: { readonly recordStacks: boolean }) {
    this.#recordStacks = options.recordStacks;
    this.#hook = createHook({
      // Promises are by far the most numerous resources and never leak as handles.
      trackPromises: false,
      init: (id, kind, _trigger, resource) => this.#made(id, kind, resource),
      destroy: (id) => this.#gone(id),
    });
    process.on('newListener', this.#listenerAdded);
    this.#hook.enable();
  }

  /** What the generation has left; called after its effects are undone. */
  leaksOf(plugin: string, generation: number): Leak[] {
    const name = key(plugin, generation);
    const leaks: Leak[] = [];
    for (const { kind, resource, madeAt } of this.#handles.get(name)?.values() ?? []) {
      if (!isAlive(resource.deref())) continue;
      leaks.push(madeAt === undefined ? { kind } : { kind, madeAt });
    }
    for (const { event, listener } of this.#listeners.get(name) ?? []) {
      if (!listensTo(event, listener)) continue;
      leaks.push({ kind: `listener process:${String(event)}` });
    }
    return leaks;
  }

  /** Forgets a generation; its leaks, if any, stay in the process unseen. */
  forget(plugin: string, generation: number): void {
    const name = key(plugin, generation);
    for (const id of this.#handles.get(name)?.keys() ?? []) this.#owners.delete(id);
    this.#handles.delete(name);
    this.#listeners.delete(name);
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
    process.off('newListener', this.#listenerAdded);
  }

  #made(id: number, kind: string, resource: object): void {
    if (!handleKinds.has(kind)) return;
    const { plugin, generation } = currentScope();
    if (plugin === undefined || generation === undefined) return;
    if (kind === 'Timeout' && isNodesOwn(resource)) return;
    const name = key(plugin, generation);
    let handles = this.#handles.get(name);
    if (handles === undefined) this.#handles.set(name, (handles = new Map()));
    const madeAt = this.#recordStacks ? callerOf(new Error('made here').stack) : undefined;
    handles.set(id, { kind, resource: new WeakRef(resource), madeAt });
    this.#owners.set(id, name);
  }

  #gone(id: number): void {
    const name = this.#owners.get(id);
    if (name === undefined) return;
    this.#owners.delete(id);
    this.#handles.get(name)?.delete(id);
  }

  readonly #listenerAdded = (event: string | symbol, listener: Function): void => {
    const { plugin, generation } = currentScope();
    if (plugin === undefined || generation === undefined) return;
    const name = key(plugin, generation);
    // Those that were taken off again need not be held: some code adds and removes one at each call.
    const still = (this.#listeners.get(name) ?? []).filter((one) => listensTo(one.event, one.listener));
    this.#listeners.set(name, [...still, { event, listener }]);
  };
}

function listensTo(event: string | symbol, listener: Function): boolean {
  return process
    .rawListeners(event)
    .some((raw) => raw === listener || Reflect.get(raw, 'listener') === listener);
}

/** A cleared or fired timer is still an object until collected; Node marks it destroyed. */
function isAlive(resource: object | undefined): boolean {
  return resource !== undefined && Reflect.get(resource, '_destroyed') !== true;
}

/**
 * Node makes timers of its own in whatever scope is current, such as a connection's keep-alive; they are unref'd
 * from the beginning, those of `setTimeout` and `setInterval` only once they have been returned.
 */
function isNodesOwn(resource: object): boolean {
  const hasRef: unknown = Reflect.get(resource, 'hasRef');
  return typeof hasRef === 'function' && Reflect.apply(hasRef, resource, []) !== true;
}

/** The innermost line of the stack that is neither Node's nor this file's. */
function callerOf(stack: string | undefined): string | undefined {
  return stack
    ?.split('\n')
    .slice(1)
    .find((line) => !line.includes('node:') && !line.includes(import.meta.filename))
    ?.trim();
}
