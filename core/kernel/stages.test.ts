import { expect, test } from 'vitest';
import { Logs } from '../telemetry/logs.ts';
import { Stages } from './stages.ts';

function record() {
  const done: string[] = [];
  const lines: string[] = [];
  const logs = new Logs({ destination: { write: (line) => void lines.push(line) } });
  const stages = new Stages(logs.logger('core.kernel'));
  const add = async (name: string): Promise<void> =>
    stages.start(
      name,
      () => undefined,
      () => void done.push(name),
    );
  return { done, lines, stages, add };
}

test('a stop drains first, then stops the stages, last started first', async () => {
  const { done, stages, add } = record();
  await add('first');
  stages.drainBeforeStop('requests', async () => void done.push('drained'));
  await add('second');
  await stages.stop();
  await stages.stop();
  expect(done).toEqual(['drained', 'second', 'first']);
});

test('a start that fails leaves the stages before it to be stopped, and nothing of itself', async () => {
  const { done, stages, add } = record();
  await add('first');
  const failing = stages.start(
    'second',
    () => Promise.reject(new Error('no')),
    () => void done.push('second'),
  );
  await expect(failing).rejects.toThrow('no');
  await stages.stop();
  expect(done).toEqual(['first']);
});

test('a drain or a stage that fails to stop is logged and keeps nothing else running', async () => {
  const { done, lines, stages, add } = record();
  await add('first');
  await stages.start(
    'second',
    () => undefined,
    () => Promise.reject(new Error('stuck')),
  );
  stages.drainBeforeStop('requests', () => Promise.reject(new Error('no answer')));
  await stages.stop();
  expect(done).toEqual(['first']);
  expect(lines.filter((line) => line.includes('could not be stopped in order'))).toHaveLength(2);
});
