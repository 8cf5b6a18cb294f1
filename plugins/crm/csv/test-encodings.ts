import type { Encoding } from './format.ts';

/** Characters of Windows-1252 that tests write beside those of Latin-1. */
const beyondLatin1: Readonly<Record<string, number>> = {
  '€': 0x80,
  '‚': 0x82,
  Š: 0x8a,
  '’': 0x92,
  '–': 0x96,
};

/** Text in an encoding. */
export function encodeText(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  return Buffer.from(Array.from(text, (character) => beyondLatin1[character] ?? character.charCodeAt(0)));
}
