const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * An id of 15 characters with its suffix of 3, which says of each five characters which are capitals, so that ids stay
 * apart where case is ignored (https://help.salesforce.com/s/articleView?id=000383751&type=1).
 */
export function withSuffix(id: string): string {
  let suffix = '';
  for (let start = 0; start < 15; start += 5) {
    let bits = 0;
    for (let index = 0; index < 5; index += 1) {
      if (/[A-Z]/.test(id[start + index] ?? '')) bits |= 1 << index;
    }
    suffix += alphabet[bits];
  }
  return id + suffix;
}

/** The id of the nth record of an object, such as `001` for accounts. */
export function idOf(prefix: string, sequence: number): string {
  let rest = sequence * 7_919;
  let text = '';
  for (let index = 0; index < 7; index += 1) {
    text = (digits[rest % 62] ?? '0') + text;
    rest = Math.floor(rest / 62);
  }
  return withSuffix(`${prefix}Qy000${text.slice(0, 7)}`.slice(0, 15));
}
