/** A generated file of contacts, and what an import must say about it. */
export interface FaultyFile {
  /** The text, piece by piece; may be read once. */
  readonly pieces: Iterable<string>;
  /** Physical lines of the rows that must be refused, by kind of fault; complete once `pieces` has been read. */
  readonly faults: ReadonlyMap<number, FaultKind>;
}

type FaultKind = keyof typeof faultyRows;

/** One row in a hundred is one of these, in turn; each gives the row's text without its line end. */
const faultyRows = {
  'no e-mail': (index: number) => `"No ""mail"" ${index}",Row,,+44 20 7946,\r\n`,
  'e-mail that is none': (index: number) => `Bad,Row,not-a-mail-${index},+44 20 7946,\n`,
  'too few cells': (index: number) => `Short,row${index}@bench.example\r\n`,
  'too many cells': (index: number) => `Long,Row,long${index}@bench.example,+44 20 7946,vip,more\n`,
  'text after a closing quote': (index: number) =>
    `"Broken"quote,Row,broken${index}@bench.example,+44 20 7946,\r\n`,
  'U+0000': (index: number) => `Zero,\u0000,zero${index}@bench.example,+44 20 7946,\n`,
  'phone that is none': (index: number) => `Phone,Row,phone${index}@bench.example,12,\r\n`,
  'name beyond its length': (index: number) =>
    `${'x'.repeat(201)},"Row\r\n${index}",long.name${index}@bench.example,+44 20 7946,\n`,
} as const;

const faultKinds: readonly FaultKind[] = [
  'no e-mail',
  'e-mail that is none',
  'too few cells',
  'too many cells',
  'text after a closing quote',
  'U+0000',
  'phone that is none',
  'name beyond its length',
];

const rowsPerPiece = 500;

/**
 * A CSV file of `rows` contacts: some cells quoted, with commas, quotes and line ends of both kinds in them, rows
 * ended by CRLF and LF in turn, and one row in a hundred faulty. The same text for the same `rows`.
 */
export function createFaultyFile(rows: number): FaultyFile {
  const faults = new Map<number, FaultKind>();
  return { pieces: pieces(rows, faults), faults };
}

function* pieces(rows: number, faults: Map<number, FaultKind>): Generator<string> {
  let line = 2;
  let piece = 'First Name,Last Name,E-Mail,Phone,Tags\r\n';
  for (let index = 0; index < rows; index += 1) {
    const kind = index % 100 === 57 ? faultKinds[Math.floor(index / 100) % faultKinds.length] : undefined;
    if (kind !== undefined) faults.set(line, kind);
    const row = kind === undefined ? goodRow(index) : faultyRows[kind](index);
    line += row.split('\n').length - 1;
    piece += row;
    if (index % rowsPerPiece === rowsPerPiece - 1) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

function goodRow(index: number): string {
  const end = index % 2 === 0 ? '\r\n' : '\n';
  const email = `row${index}@bench.example`;
  switch (index % 4) {
    case 0:
      return `Ada,"Lovelace, ""Countess"" ${index}",${email},+44 20 7946 ${index},"vip; early"${end}`;
    case 1:
      return `"Grace\r\nBrewster",Hopper ${index},${email},,navy${end}`;
    case 2:
      return `"Kurt\nFriedrich",Gödel ${index},"${email}","+43 1 ${index}",${end}`;
    default:
      return `Emmy,Noether ${index},${email},+49 9131 ${index},${end}`;
  }
}
