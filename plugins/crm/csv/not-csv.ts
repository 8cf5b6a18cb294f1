/** How a kind of file begins. */
interface Signature {
  readonly kind: string;
  readonly bytes: string;
}

// https://en.wikipedia.org/wiki/List_of_file_signatures
const signatures: readonly Signature[] = [
  { kind: 'a PDF document', bytes: '%PDF-' },
  { kind: 'a PNG image', bytes: '\u0089PNG\r\n\u001a\n' },
  { kind: 'a JPEG image', bytes: '\u00ff\u00d8\u00ff' },
  { kind: 'a GIF image', bytes: 'GIF8' },
  { kind: 'a gzip archive', bytes: '\u001f\u008b' },
  { kind: 'a bzip2 archive', bytes: 'BZh' },
  { kind: 'an xz archive', bytes: '\u00fd7zXZ\u0000' },
  { kind: 'a zstd archive', bytes: '\u0028\u00b5\u002f\u00fd' },
  { kind: 'a 7-Zip archive', bytes: '7z\u00bc\u00af\u0027\u001c' },
  { kind: 'a RAR archive', bytes: 'Rar!\u001a\u0007' },
  { kind: 'an old Excel workbook, Word document or Outlook message', bytes: '\u00d0\u00cf\u0011\u00e0' },
  { kind: 'an RTF document', bytes: '{\\rtf' },
  { kind: 'a Parquet file', bytes: 'PAR1' },
  { kind: 'an SQLite database', bytes: 'SQLite format 3\u0000' },
  { kind: 'a program', bytes: '\u007fELF' },
  { kind: 'a text in UTF-32', bytes: '\u00ff\u00fe\u0000\u0000' },
  { kind: 'a text in UTF-32', bytes: '\u0000\u0000\u00fe\u00ff' },
];

/** Names inside a zip archive that say what it is. */
const zipContents: readonly Signature[] = [
  { kind: 'an Excel workbook', bytes: 'xl/' },
  { kind: 'a Word document', bytes: 'word/' },
  { kind: 'an OpenDocument spreadsheet', bytes: 'application/vnd.oasis.opendocument.spreadsheet' },
];

/** What a file is that begins like none of CSV, such as `a PDF document`; undefined when it may be CSV. */
export function foreignKind(sample: Buffer): string | undefined {
  const text = sample.toString('latin1');
  if (text.startsWith('PK\u0003\u0004') || text.startsWith('PK\u0005\u0006')) {
    return zipContents.find(({ bytes }) => text.includes(bytes))?.kind ?? 'a zip archive';
  }
  const found = signatures.find(({ bytes }) => text.startsWith(bytes));
  return found === undefined ? markupKind(text) : found.kind;
}

function markupKind(latin1: string): string | undefined {
  // In UTF-16 a zero byte stands beside each of these characters.
  const text = latin1
    .slice(0, 1_024)
    .replaceAll('\u0000', '')
    .replace(/^(\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)/, '')
    .trimStart();
  if (/^<(!doctype html|html|head|body)\b/i.test(text)) return 'an HTML page';
  if (/^<(\?xml|!--|[a-z][\w:.-]*(\s[^<>]*)?>\s*<)/i.test(text)) return 'an XML document';
  if (/^(\{\s*["}]|\[\s*[{\]])/.test(text)) return 'a JSON document';
  return /^BEGIN:V(CARD|CALENDAR)/i.test(text) ? 'a vCard or calendar file' : undefined;
}
