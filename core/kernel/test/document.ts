import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { repository } from './process.ts';
import type { RunningAppliance } from './process.ts';

/** A fenced block of a Markdown document. */
export interface Block {
  /** What stands behind the opening fence: `sh`, `json`, ... */
  readonly language: string;
  readonly text: string;
  /** The line before it, where a file's name may stand. */
  readonly before: string;
}

/** A command of a document and the answer that it shows for it. */
export interface Step {
  readonly command: string;
  readonly language: string;
  readonly answer: string;
}

/** All fenced blocks, in their order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly language: string; readonly lines: string[]; readonly before: string } | undefined;
  let before = '';
  for (const line of markdown.split('\n')) {
    if (open === undefined && line.startsWith('```')) open = { language: line.slice(3), lines: [], before };
    else if (open !== undefined && line === '```') {
      blocks.push({ language: open.language, text: `${open.lines.join('\n')}\n`, before: open.before });
      open = undefined;
    } else open?.lines.push(line);
    before = line;
  }
  return blocks;
}

/** Every `sh` block with the block after it, which shows its answer. */
export function stepsOf(markdown: string): Step[] {
  const blocks = blocksOf(markdown);
  return blocks.flatMap((block, index) => {
    const answer = blocks[index + 1];
    if (block.language !== 'sh') return [];
    if (answer === undefined) throw new Error(`no answer is shown for ${block.text}`);
    return [{ command: block.text, language: answer.language, answer: answer.text }];
  });
}

const mark = '=== answered ===';

/**
 * Pastes the commands into one bash, as a reader does, against this appliance in place of the one on port 8000 with
 * the default data folder. Returns what each command printed.
 */
export async function paste(steps: readonly Step[], appliance: RunningAppliance): Promise<string[]> {
  const script = steps.map(({ command }) => `${command}\nprintf '\\n${mark}\\n'\n`).join('');
  const here = script
    .replaceAll('http://127.0.0.1:8000', appliance.url)
    .replaceAll(/npm run -s (token|reset-password)( --)?/g, `npm run -s $1 -- --data '${appliance.data}'`);
  const bash = spawn('bash', ['--noprofile', '--norc'], { cwd: repository });
  bash.stdin.end(here);
  const [output, errors] = await Promise.all([text(bash.stdout), text(bash.stderr), once(bash, 'close')]);
  if (errors !== '') throw new Error(errors);
  return output.split(mark).slice(0, -1);
}

/** Pastes the commands of a document and compares each answer with the one it shows. */
export async function follow(markdown: string, appliance: RunningAppliance): Promise<void> {
  const steps = stepsOf(markdown);
  expect(steps).not.toEqual([]);
  const answers = await paste(steps, appliance);
  for (const [index, { command, language, answer }] of steps.entries()) {
    const real = answers[index] ?? '';
    if (language === 'json') {
      const difference = differenceFrom(jsonDocuments(answer), jsonDocuments(real));
      expect.soft(difference, `${command}${real}`).toBeUndefined();
    } else if (answer.trim() === '…') expect.soft(real.trim(), command).toMatch(/^\S+$/);
    else expect.soft(real.trim(), command).toBe(answer.trim());
  }
}

/** The JSON documents of a text, one after the other; throws where it is no JSON. */
export function jsonDocuments(given: string): unknown[] {
  // A line that begins a document closes the one before; others go on with it.
  const documents = given
    .trim()
    .replaceAll(/\n(?=\{)/g, '\u0000')
    .split('\u0000');
  return documents.flatMap((document) => splitAdjacent(document).map((each): unknown => JSON.parse(each)));
}

/** curl prints no line end, so documents of two calls may touch. */
function splitAdjacent(document: string): string[] {
  return document.replaceAll(/\}\{(?=")/g, '}\u0000{').split('\u0000');
}

/**
 * Where an answer differs from what a document shows, or undefined. `"…"` stands for any value, and the key `"…"` for
 * any further keys.
 */
export function differenceFrom(shown: unknown, real: unknown, path = ''): string | undefined {
  if (shown === '…') return undefined;
  if (Array.isArray(shown) && Array.isArray(real)) {
    if (shown.length !== real.length) return `${path} has ${real.length} items, not ${shown.length}`;
    return firstOf(shown.map((each, index) => differenceFrom(each, real[index], `${path}/${index}`)));
  }
  if (isRecord(shown) && isRecord(real)) {
    const { '…': more, ...named } = shown;
    const unnamed = Object.keys(real).find((key) => !(key in named));
    if (more === undefined && unnamed !== undefined) return `${path}/${unnamed} is not shown`;
    return firstOf(
      Object.entries(named).map(([key, value]) =>
        key in real ? differenceFrom(value, real[key], `${path}/${key}`) : `${path}/${key} is missing`,
      ),
    );
  }
  return shown === real ? undefined : `${path} is ${JSON.stringify(real)}, not ${JSON.stringify(shown)}`;
}

function firstOf(differences: readonly (string | undefined)[]): string | undefined {
  return differences.find((difference) => difference !== undefined);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
