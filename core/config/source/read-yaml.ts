import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, YAMLError } from 'yaml';
import { maxFaults } from '../faults.ts';
import type { FaultList } from '../faults.ts';
import { emptyMapping, renderPath } from './tree.ts';
import type { MappingNode, Path, Place, TreeNode } from './tree.ts';
import { fitsParser } from './yaml-extent.ts';
import {
  maxDepth,
  maxValues,
  reportDepth,
  reportDuplicate,
  reportInvisible,
  reportUnstorable,
  reportKey,
  reportSize,
  reportSyntax,
  reportVersion,
} from './yaml-faults.ts';

const dangerousKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads YAML 1.2 (core schema) without anchors, aliases, tags and merge keys, keeping the place of every value.
 * Reports every fault of the text; gives `undefined` where nothing can be read from it.
 */
export function readYaml(text: string, file: string, faults: FaultList): MappingNode | undefined {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (!fitsParser(text, (offset) => placeIn(text, offset, file), faults)) return undefined;
  const document = parse(text, lines, file, faults);
  if (document === undefined) return undefined;
  for (const { error, offset } of errorsToTell(document, faults)) {
    const before = text.slice(Math.max(0, error.pos[0] - 1), error.pos[0] + 1);
    reportSyntax(error, at(offset), before === '${', faults);
  }
  if (document.directives.yaml.version !== '1.2') reportVersion({ file, line: 1, column: 1 }, faults);
  if (document.errors.length > 0) return undefined;
  const reader = new TreeReader(at, faults);
  if (!isMap(document.contents)) {
    const found = isSeq(document.contents) ? 'a list' : document.contents === null ? 'nothing' : 'text';
    faults.add({
      code: 'wrong_type',
      place: { file, line: 1, column: 1 },
      path: '',
      message: 'The file does not hold a mapping.',
      expected: 'keys such as `client:` at the left margin',
      found,
      remedy: 'Begin with `client:` and an `id:` below it.',
    });
    return undefined;
  }
  const tree = reader.read(document.contents, []);
  return tree?.kind === 'mapping' ? tree : undefined;
}

/** Line and column of an offset, from 1. */
function placeIn(text: string, offset: number, file: string): Place {
  const before = text.slice(0, offset).split('\n');
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function parse(
  text: string,
  lines: LineCounter,
  file: string,
  faults: FaultList,
): Document.Parsed | undefined {
  // Each fault of the text is an error object, of which a long file can hold a hundred thousand.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      logLevel: 'error',
    });
  } catch (error) {
    // The parser recurses: nesting by the ten thousand ends its stack, which is the file's fault.
    if (!(error instanceof RangeError)) throw error;
    reportDepth({ file }, '', faults);
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The parser's errors without those that only follow from another, each with the place where a person would look. */
function errorsToTell(document: Document.Parsed, faults: FaultList): { error: YAMLError; offset: number }[] {
  const multiline = new Set(
    document.errors.filter(({ code }) => code === 'MULTILINE_IMPLICIT_KEY').map(({ pos }) => pos[0]),
  );
  const independent = document.errors.filter(
    ({ code, pos }) => code !== 'BLOCK_AS_IMPLICIT_KEY' || !multiline.has(pos[0]),
  );
  const told = independent.slice(0, maxFaults);
  faults.passOver(independent.length - told.length);
  return told.map((error) => {
    // What is wrong is the last line of what was taken for a key, and the beginning of a text that does not end.
    if (error.code === 'MULTILINE_IMPLICIT_KEY') return { error, offset: error.pos[1] - 1 };
    if (error.code === 'MISSING_CHAR') return { error, offset: openQuoteBefore(error.pos[0], document) };
    return { error, offset: error.pos[0] };
  });
}

function openQuoteBefore(end: number, document: Document.Parsed): number {
  let start = end;
  visit(document, {
    Scalar(_key, { type, range }) {
      const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
      if (quoted && range !== null && range !== undefined && range[1] >= end - 1) start = range[0];
    },
  });
  return start;
}

class TreeReader {
  #values = 0;
  readonly #at: (offset: number) => Place;
  readonly #faults: FaultList;

  constructor(at: (offset: number) => Place, faults: FaultList) {
    this.#at = at;
    this.#faults = faults;
  }

  read(node: Node, path: Path): TreeNode | undefined {
    const place = this.#at(node.range?.[0] ?? 0);
    this.#values += 1;
    if (this.#values === maxValues + 1) reportSize(place, renderPath(path), this.#faults);
    if (this.#values > maxValues) return undefined;
    if (path.length > maxDepth) {
      reportDepth(place, renderPath(path), this.#faults);
      return undefined;
    }
    if (isAlias(node) || node.anchor !== undefined) this.#refuseSyntax(node, place, path);
    else if (node.tag !== undefined && !isImplicitTag(node.tag)) this.#refuseSyntax(node, place, path);
    if (isMap(node)) return this.#mapping(node, path, place);
    if (isSeq(node)) {
      const items = node.items
        .filter((item) => isNode(item))
        .map((item, index) => this.read(item, [...path, index]))
        .filter((item) => item !== undefined);
      return { kind: 'sequence', items, place };
    }
    if (isScalar(node)) return { kind: 'scalar', value: plain(node.value), place, secret: false };
    return undefined;
  }

  #mapping(node: Node & { items: readonly { key: unknown; value: unknown }[] }, path: Path, place: Place) {
    const mapping = emptyMapping(place);
    for (const { key, value } of node.items) {
      if (!isScalar(key) || typeof key.value !== 'string') continue;
      const keyPlace = this.#at(key.range?.[0] ?? 0);
      const keyPath = [...path, key.value];
      if (/[\u00a0\u2000-\u200b\u202f\u3000\ufeff]/.test(key.value)) {
        reportInvisible(keyPlace, this.#faults);
        continue;
      }
      if (!isStorable(key.value)) {
        reportUnstorable(keyPlace, this.#faults);
        continue;
      }
      if (dangerousKeys.has(key.value) || key.value === '<<') {
        reportKey(key.value, keyPlace, renderPath(keyPath), this.#faults);
        continue;
      }
      if (mapping.entries.has(key.value)) {
        reportDuplicate(keyPlace, renderPath(keyPath), this.#faults);
        continue;
      }
      const child = isNode(value)
        ? this.read(value, keyPath)
        : ({ kind: 'scalar', value: null, place: keyPlace, secret: false } as const);
      if (child !== undefined) mapping.entries.set(key.value, { keyPlace, node: child });
    }
    return mapping;
  }

  #refuseSyntax(node: Node, place: Place, path: Path): void {
    const tagged = !isAlias(node) && node.anchor === undefined;
    this.#faults.add({
      code: 'syntax',
      place,
      path: renderPath(path),
      message: tagged
        ? 'YAML tags are not supported here.'
        : 'YAML anchors and aliases are not supported here.',
      expected: 'a plain value',
      found: isAlias(node) ? 'an alias' : tagged ? 'a tag' : 'an anchor',
      remedy: tagged
        ? 'Remove the word that begins with `!`.'
        : 'Write the value out at each place, or use ${VARIABLE} for one that is used twice; put text that begins with `*` or `&` in quotes.',
    });
  }
}

/** Whether PostgreSQL can keep it as it stands: paths of what has changed are kept with each version. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Tags that merely name what a value already is. */
function isImplicitTag(tag: string): boolean {
  return ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].some(
    (name) => tag === `tag:yaml.org,2002:${name}`,
  );
}

function plain(value: unknown): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
