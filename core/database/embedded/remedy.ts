const causes: readonly { readonly said: RegExp; readonly remedy: string }[] = [
  {
    said: /lock file ".*" already exists|pre-existing shared memory block/,
    remedy:
      'Another PostgreSQL process still has these data open: end the process it names (or every postgres process on ' +
      'this data folder), then start again.',
  },
  { said: /No space left on device|Disk quota exceeded/, remedy: 'Free disk space, then start again.' },
  {
    said: /Permission denied|wrong ownership|invalid permissions|Read-only file system/,
    remedy: 'Mend the owner, the rights or the mount of the data folder, then start again.',
  },
  {
    said: /Address already in use|could not bind/,
    remedy: 'Free the port it names, or leave its loopback port away, then start again.',
  },
  {
    said: /Cannot allocate memory|out of memory|could not (create|map|resize) .*shared memory|could not create semaphores/i,
    remedy: 'Free memory or raise the limits on memory and semaphores that it names, then start again.',
  },
  { said: /Too many open files/, remedy: 'Raise the limit on open files (ulimit -n), then start again.' },
  {
    said: /error while loading shared libraries|Library not loaded|symbol lookup error/,
    remedy: 'Install the library it names or run npm ci again; if it stays, set `database.url`.',
  },
  {
    said: /unrecognized configuration parameter|invalid value for parameter|configuration file .* contains errors/,
    remedy: 'Correct the setting it names, then start again.',
  },
  {
    said: /valid checkpoint record|invalid checkpoint|incorrect checksum|pg_control|not a valid data directory|Input\/output error|PANIC/,
    remedy:
      'The data files are damaged or missing: mend the disk or put back the file it names, else restore a backup of ' +
      'the data folder.',
  },
];

/** What an operator can do about a failed start, by what PostgreSQL `said`; `log` is the file with all of it. */
export function remedyFor(said: string, log: string): string {
  return (
    causes.find((cause) => cause.said.test(said))?.remedy ??
    `Read the end of ${log}, take the cause away and start again.`
  );
}
