import { setTimeout as pause } from 'node:timers/promises';

/** A contact in three parts, half a second apart: half-read when a switch comes. */
export async function* slowContact(number: number): AsyncGenerator<string> {
  yield '{ "first_name": "Ada",';
  await pause(500);
  yield ` "last_name": "Number ${number}",`;
  await pause(500);
  yield ` "email": "ada${number}@example.com" }`;
}
