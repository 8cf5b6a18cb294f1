import { availableParallelism } from 'node:os';
import { formatFigure } from './measure.ts';
import type { BenchRow } from './measure.ts';

/** What one benchmark gave. */
export interface BenchResult {
  /** Path below the repository. */
  readonly file: string;
  /** Undefined when it ended without a result. */
  readonly rows: readonly BenchRow[] | undefined;
}

/** All rows as one Markdown table. */
export function tableOf(results: readonly BenchResult[]): string {
  const lines = [
    '| what | ours | peer | unit | ratio | target | |',
    '| --- | ---: | ---: | --- | ---: | --- | --- |',
    ...results.flatMap(({ file, rows }) =>
      rows === undefined ? [`| ${file} | | | | | | no result |`] : rows.map(lineOf),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** `docs/benchmarks.md`: the table of one whole run. */
export function benchmarkPage(results: readonly BenchResult[], isShort: boolean): string {
  const command = isShort ? 'npm run bench -- --short' : 'npm run bench';
  return `# Benchmarks

Written by \`${command}\` on a machine with ${availableParallelism()} cores, which ran the load, the peers and PostgreSQL as well.
Peers run in turn with ours in the same run, figures are medians, and a ratio is ours divided by the peer's.
Absolute times depend on the machine; ratios hardly do. Where the peer has nothing to compare, its column is empty.

${tableOf(results)}
Which file measures what, and how, stands at its beginning:

${results.map(({ file }) => `- \`${file}\``).join('\n')}
`;
}

function lineOf({ name, ours, peer, unit, ratio, target, met }: BenchRow): string {
  const promised = target === 'none' ? '' : target.replaceAll('|', String.raw`\|`);
  const verdict = target === 'none' ? '' : met ? 'met' : '**missed**';
  const cells = [
    name,
    formatFigure(ours),
    peer === null ? '' : formatFigure(peer),
    unit,
    ratio === null ? '' : ratio.toFixed(2),
    promised,
    verdict,
  ];
  return `| ${cells.join(' | ')} |`;
}
