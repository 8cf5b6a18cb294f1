import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Name of the socket in the data folder. */
const socketName = 'control.sock';
/** The shortest limit of the systems we run on is 104 bytes, its final zero included (macOS; 108 on Linux). */
const maxSocketBytes = 103;

/** A path by which a socket can be opened although its own is longer than the system allows. */
export interface SocketPath extends AsyncDisposable {
  readonly path: string;
}

/** The control socket of a data folder; keep it until the socket is closed. */
export async function controlSocketPath(folder: string): Promise<SocketPath> {
  const own = path.join(path.resolve(folder), socketName);
  if (Buffer.byteLength(own) <= maxSocketBytes) {
    return { path: own, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  // The system measures the text it is given, so a short link to the folder makes the path short enough.
  const link = await mkdtemp(path.join(tmpdir(), 'orch-'));
  await symlink(path.resolve(folder), path.join(link, 'd'));
  return {
    path: path.join(link, 'd', socketName),
    [Symbol.asyncDispose]: () => rm(link, { recursive: true, force: true }),
  };
}
