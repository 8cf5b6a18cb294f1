import { AppError } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { coreError } from '../../errors.ts';
import { errorText } from './error-text.ts';

test('errorText() keeps the code of an error of ours', () => {
  expect(errorText(coreError('JOB_CANCELLED', { id: '1' }))).toEqual({
    code: 'JOB_CANCELLED',
    message: 'The job 1 was cancelled.',
  });
});

test('errorText() gives what is no error of ours a code of ours, and shortens its message', () => {
  expect(errorText('plain')).toEqual({ code: 'INTERNAL_ERROR', message: 'plain' });
  expect(errorText(new Error('x'.repeat(100_000))).message).toHaveLength(1000);
});

test('errorText() keeps no code that could not be stored', () => {
  const error = new AppError({ code: 'A\0B', status: 500, message: 'broken', remedy: 'none' });
  expect(errorText(error)).toEqual({ code: 'INTERNAL_ERROR', message: 'broken' });
});
