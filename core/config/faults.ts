import { AppError } from '@orchestrall/sdk';
import type { Fault } from '@orchestrall/sdk';
import type { Place } from './source/tree.ts';

/** Exit code of a start that its configuration stopped (`EX_CONFIG` of sysexits). */
export const configurationExitCode = 78;

/** What kind of fault it is, for programs. */
type FaultCode =
  | 'unreadable'
  | 'syntax'
  | 'duplicate_key'
  | 'unknown_key'
  | 'refused_key'
  | 'missing_key'
  | 'wrong_type'
  | 'out_of_bounds'
  | 'missing_variable'
  | 'bad_interpolation'
  | 'refused_variable'
  | 'contradiction';

/** One fault of a configuration. No field ever holds the value that was found. */
export interface ConfigurationFault extends Fault {
  readonly code: FaultCode;
  /** Path of the YAML or `.env` file, or `environment`, `command line`. */
  readonly file: string;
  /** From 1; null where the place is not in a file, or is the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  /** `security.rate_limit.burst_size`; empty for the whole file. */
  readonly path: string;
  /** What is wrong, one sentence. */
  readonly message: string;
  /** What would have been right. */
  readonly expected: string;
  /** Kind of what was found: `text`, `a list`, `nothing`; never the value. */
  readonly found: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
}

/** What a reader of the configuration says about a fault; the place becomes file, line and column. */
export interface FaultReport {
  readonly code: FaultCode;
  readonly place: Place;
  readonly path: string;
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

/** Most faults that are told of one configuration; of further ones only how many there are. */
export const maxFaults = 100;

/** Gathers faults, so that all of them are told at once, the first 100 in full. */
export class FaultList {
  readonly #faults: ConfigurationFault[] = [];
  #omitted = 0;
  readonly #files: ReadonlySet<string>;

  /** `files` grows while the configuration is read; the error says on which files it depends. */
  constructor(files: ReadonlySet<string> = new Set()) {
    this.#files = files;
  }

  add(report: FaultReport): void {
    if (this.isFull) {
      this.#omitted += 1;
      return;
    }
    const { place, ...fault } = report;
    this.#faults.push({
      ...fault,
      file: place.file,
      line: place.line ?? null,
      column: place.column ?? null,
    });
  }

  /** Counts faults that are not told in full. */
  passOver(count: number): void {
    this.#omitted += count;
  }

  /** Whether further faults are only counted, and need no words. */
  get isFull(): boolean {
    return this.#faults.length >= maxFaults;
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0;
  }

  /** Throws a `ConfigurationError` with the faults, in the order of their places, if there are any. */
  throwIfAny(): void {
    if (this.isEmpty) return;
    throw new ConfigurationError(this.#faults.toSorted(byPlace), [...this.#files], this.#omitted);
  }
}

function byPlace(one: ConfigurationFault, other: ConfigurationFault): number {
  return (
    (one.line ?? 0) - (other.line ?? 0) ||
    (one.column ?? 0) - (other.column ?? 0) ||
    one.path.localeCompare(other.path)
  );
}

/** A configuration that cannot be used; `faults` names every reason, `message` renders them for a terminal. */
export class ConfigurationError extends AppError {
  /** At most 100; the message says how many more there are. */
  readonly faults: readonly ConfigurationFault[];
  /** Exit code for a process that this stops. */
  readonly exitCode = configurationExitCode;
  /** Every file that had to be read, absolute, whether it exists or not. */
  readonly files: readonly string[];

  /** `omitted` counts the faults that are not among them. */
  constructor(faults: readonly ConfigurationFault[], files: readonly string[] = [], omitted = 0) {
    super({
      code: 'CONFIGURATION_INVALID',
      status: 422,
      message: renderFaults(faults, omitted),
      remedy: 'Correct each place named; nothing was changed.',
      details: { faults, ...(omitted === 0 ? {} : { omitted }) },
    });
    this.name = 'ConfigurationError';
    this.faults = faults;
    this.files = files;
  }
}

/** Faults as text for a terminal: place and path on a line of their own, then message, expectation and remedy. */
function renderFaults(faults: readonly ConfigurationFault[], omitted: number): string {
  const count = faults.length + omitted === 1 ? 'one fault' : `${faults.length + omitted} faults`;
  const shown = omitted === 0 ? '' : `, of which ${faults.length} are shown`;
  const text = [`The configuration cannot be used: ${count}${shown}.`, ...faults.map(renderFault)];
  return text.join('\n\n');
}

/** Why a configuration was refused, as far as it is known: a fault of the file, or of what it was applied to. */
export type Refusal = Pick<ConfigurationFault, 'path' | 'message'> & Partial<ConfigurationFault>;

/** Refusals in one line, for health: the first with its place and remedy, and how many there are besides. */
export function inOneLine(refusals: readonly Refusal[]): string {
  const [first, ...others] = refusals;
  if (first === undefined) return '';
  const { path, message, remedy = '' } = first;
  const what = `${[placeOf(first), path].filter((part) => part !== '').join(' ')}: ${message} ${remedy}`;
  return others.length === 0 ? what : `${what} (and ${others.length} more)`;
}

function placeOf({ file, line, column }: Partial<ConfigurationFault>): string {
  return [file, line, column].filter((part) => part !== null && part !== undefined).join(':');
}

function renderFault(fault: ConfigurationFault): string {
  const place = placeOf(fault);
  return [
    `${place}${fault.path === '' ? '' : `  ${fault.path}`}`,
    `  ${fault.message}`,
    `  expected: ${fault.expected}`,
    `  found:    ${fault.found}`,
    `  remedy:   ${fault.remedy}`,
  ].join('\n');
}
