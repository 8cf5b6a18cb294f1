import { expect, test } from 'vitest';
import type { CsvRow } from '../csv/scanner.ts';
import { batchesOf } from './batches.ts';

/** Rows of a length each, as they follow each other in a file. */
async function* rowsOf(count: number, bytes: number): AsyncGenerator<CsvRow, void> {
  for (let line = 1; line <= count; line += 1) {
    yield { line, cells: ['x'], end: { offset: line * bytes, line: line + 1 } };
  }
}

async function sizesOf(rows: AsyncGenerator<CsvRow, void>): Promise<number[]> {
  const sizes: number[] = [];
  for await (const batch of batchesOf(rows, 100)) sizes.push(batch.length);
  return sizes;
}

test('a batch has as many rows as it may have', async () => {
  expect(await sizesOf(rowsOf(250, 200))).toEqual([100, 100, 50]);
});

test('a batch of the longest rows stays small enough to be held in memory', async () => {
  expect(await sizesOf(rowsOf(12, 1_048_576))).toEqual([5, 5, 2]);
});
