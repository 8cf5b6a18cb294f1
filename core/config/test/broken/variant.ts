import type { ConfigurationFault } from '../../faults.ts';

/** One broken configuration and the fault that it must give. */
export interface BrokenVariant {
  readonly name: string;
  readonly yaml: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly dotenv?: string;
  readonly path: string;
  readonly line: number | null;
  readonly code: ConfigurationFault['code'];
  readonly message: RegExp;
  readonly expected: RegExp;
  readonly remedy: RegExp;
}

/** The least that loads; variants add to it from line 3. */
export const client = 'client:\n  id: acme\n';

/** A variant by position, so that one fits a line or two. */
export function variant(
  name: string,
  yaml: string | Uint8Array,
  path: string,
  line: number | null,
  code: ConfigurationFault['code'],
  message: RegExp,
  expected: RegExp,
  remedy: RegExp,
  environment: Readonly<Record<string, string>> = {},
): BrokenVariant {
  return { name, yaml, path, line, code, message, expected, remedy, environment };
}
