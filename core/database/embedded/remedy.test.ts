import { expect, test } from 'vitest';
import { remedyFor } from './remedy.ts';

test.each([
  ['FATAL:  lock file "postmaster.pid" already exists', 'end the process it names'],
  ['FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use', 'end the process it names'],
  ['PANIC:  could not write to file "pg_wal/xlogtemp.1": No space left on device', 'Free disk space'],
  ['FATAL:  could not create lock file "postmaster.pid": Permission denied', 'the rights'],
  ['FATAL:  data directory "/data" has wrong ownership', 'the rights'],
  ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'Free the port'],
  ['FATAL:  could not map anonymous shared memory: Cannot allocate memory', 'Free memory'],
  ['FATAL:  could not open file "global/pg_control": No such file or directory', 'restore a backup'],
  ['PANIC:  could not locate a valid checkpoint record at 0/1', 'restore a backup'],
  ['LOG:  unrecognized configuration parameter "io_metod"', 'Correct the setting'],
  ['postgres: error while loading shared libraries: libicu.so.60', 'npm ci'],
])('the remedy of %j fits its cause', (said, remedy) => {
  expect(remedyFor(said, '/data/server.log')).toContain(remedy);
});

test('a cause that nobody knows is answered with the file that tells more', () => {
  expect(remedyFor('it said nothing.', '/data/server.log')).toContain('/data/server.log');
});
