import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { authError } from '../errors.ts';

/** Cost of argon2id. */
export interface PasswordCost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP's first choice for argon2id (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). */
const defaultCost: PasswordCost = { memory: 19_456, passes: 2, parallelism: 1 };

const minCharacters = 12;
const maxBytes = 1024;
const tagBytes = 32;
/** Each run holds 19 MiB and a thread of libuv's four; more at once would starve everything else that uses them. */
const maxRunning = 2;
const maxWaiting = 64;

/** Hashes and checks passwords; a few at a time. */
export interface PasswordHasher {
  /** Hashes into PHC's string form (https://github.com/P-H-C/phc-string-format). */
  hash(password: string): Promise<string>;
  /** Whether the password fits, and whether its hash should be made anew because the cost has changed. */
  check(password: string, stored: string): Promise<{ readonly matches: boolean; readonly outdated: boolean }>;
  /** Takes as long as a check and never succeeds; for names that nobody has. */
  checkNobody(password: string): Promise<void>;
}

/** Creates a hasher; throws `SIGN_IN_OVERLOADED` when more than 64 passwords wait. */
export function createPasswordHasher(cost: PasswordCost = defaultCost): PasswordHasher {
  const limit = createLimit();
  const derive = (password: string, salt: Buffer, by: PasswordCost): Promise<Buffer> =>
    limit(
      () =>
        new Promise((resolve, reject) => {
          const { memory, passes, parallelism } = by;
          const message = Buffer.from(password.normalize('NFKC'), 'utf8');
          argon2(
            'argon2id',
            { message, nonce: salt, memory, passes, parallelism, tagLength: tagBytes },
            (error, tag) => (error === null ? resolve(tag) : reject(error)),
          );
        }),
    );
  const nobodySalt = randomBytes(16);
  return {
    async hash(password) {
      const salt = randomBytes(16);
      return write(cost, salt, await derive(password, salt, cost));
    },
    async check(password, stored) {
      const parsed = read(stored);
      const tag = await derive(password, parsed.salt, parsed.cost);
      const { memory, passes, parallelism } = parsed.cost;
      return {
        matches: tag.length === parsed.tag.length && timingSafeEqual(tag, parsed.tag),
        outdated: memory !== cost.memory || passes !== cost.passes || parallelism !== cost.parallelism,
      };
    },
    async checkNobody(password) {
      await derive(password, nobodySalt, cost);
    },
  };
}

/** Longest password that is hashed at all, so that a sign-in cannot be made to hash megabytes. */
export function isHashable(password: string): boolean {
  return Buffer.byteLength(password, 'utf8') <= maxBytes;
}

/** Throws `PASSWORD_REFUSED`: below 12 characters, above 1,024 bytes, the user's name, or one character repeated. */
export function checkPasswordRules(password: string, userName: string): void {
  const faults: string[] = [];
  const characters = Array.from(password);
  if (characters.length < minCharacters)
    faults.push(`needs ${minCharacters} characters, has ${characters.length}`);
  if (!isHashable(password)) faults.push(`may have at most ${maxBytes} bytes`);
  if (password.trim().toLowerCase() === userName.toLowerCase()) faults.push('must not be the user name');
  if (characters.length > 0 && new Set(characters).size === 1) faults.push('must not repeat one character');
  if (faults.length === 0) return;
  throw authError('PASSWORD_REFUSED', { faults: faults.map((message) => ({ path: '/password', message })) });
}

/** Makes a password of 120 random bits in groups that can be read aloud, without look-alikes. */
export function generatePassword(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const letters = [...randomBytes(24)].map((byte) => alphabet[byte % alphabet.length] ?? '');
  return letters.join('').replace(/(.{6})(?=.)/g, '$1-');
}

function bare(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function write(cost: PasswordCost, salt: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${bare(salt)}$${bare(tag)}`;
}

function read(stored: string): { cost: PasswordCost; salt: Buffer; tag: Buffer } {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
    stored,
  );
  if (parts === null) throw new TypeError('the stored password hash is not argon2id in PHC form');
  const [, memory, passes, parallelism, salt = '', tag = ''] = parts;
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function createLimit(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) throw authError('SIGN_IN_OVERLOADED');
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      // A place is handed on rather than given back, so that no newcomer slips in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
