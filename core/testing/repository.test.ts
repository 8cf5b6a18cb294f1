import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Rooms of the core from the top; imports run down this list and never back up. */
const rooms = [
  'kernel',
  'host',
  'http',
  'auth',
  'flags',
  'webhooks',
  'bus',
  'state',
  'jobs',
  'audit',
  'database',
  'resilience',
  'telemetry',
  'config',
];

const root = join(import.meta.dirname, '..', '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => file !== '');
const isTest = (file: string): boolean => /\.test\.ts$|\/(test|bench)\//.test(file);
const code = files.filter((file) => file.endsWith('.ts') && !isTest(file) && !file.startsWith('.config/'));

/** What a file imports, relative imports as paths from the root. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s+'([^']+)'|\bimport\('([^']+)'\)/gmsu);
  return [...found]
    .map((match) => match[1] ?? match[2] ?? '')
    .map((source) => (source.startsWith('.') ? relative(root, join(root, dirname(file), source)) : source));
}

/** `core/bus/relay.ts` is in the room `bus`. */
function roomOf(path: string): string | undefined {
  return /^core\/([a-z]+)\//.exec(path)?.[1];
}

/** `core/http/streams/limits.ts` is in the sub-room `core/http/streams`; a file of a room's own folder is in none. */
function subRoomOf(path: string): string | undefined {
  const folder = dirname(path);
  return folder.split('/').length > 2 && !folder.startsWith('core/sdk/') ? folder : undefined;
}

/** A way from each sub-room back to itself over what its files import; a folder and those in it count as one. */
function circles(): string[] {
  const imported = new Map<string, Set<string>>();
  for (const file of code) {
    const from = subRoomOf(file);
    for (const target of from === undefined ? [] : importsOf(file)) {
      const to = subRoomOf(target);
      if (from === undefined || to === undefined) continue;
      if (`${from}/`.startsWith(`${to}/`) || `${to}/`.startsWith(`${from}/`)) continue;
      imported.set(from, (imported.get(from) ?? new Set()).add(to));
    }
  }
  return [...imported.keys()].flatMap((start) => {
    const way = wayBack(start, imported);
    return way === undefined ? [] : [way.join(' -> ')];
  });
}

/** The shortest way from a sub-room back to itself. */
function wayBack(start: string, imported: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const seen = new Set<string>();
  let ways = [[start]];
  while (ways.length > 0) {
    const next = ways.flatMap((way) =>
      Array.from(imported.get(way.at(-1) ?? '') ?? [], (to) => [...way, to]),
    );
    const back = next.find((way) => way.at(-1) === start);
    if (back !== undefined) return back;
    ways = next.filter((way) => {
      const end = way.at(-1) ?? '';
      if (seen.has(end)) return false;
      seen.add(end);
      return true;
    });
  }
  return undefined;
}

describe('the map of folders', () => {
  test('at the root there is only what the map names', () => {
    const allowed =
      /^(core|plugins|installer|charts|k3s|docs|offline|package\.json|package-lock\.json|tsconfig\.json|README\.md|LICENSE|\..*)$/;
    const top = new Set(files.map((file) => file.split('/')[0] ?? ''));
    expect([...top].filter((name) => !allowed.test(name))).toEqual([]);
  });

  test('imports inside the core run down the list of rooms', () => {
    const climbing = code
      .filter((file) => rooms.includes(roomOf(file) ?? ''))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => {
            const room = roomOf(target);
            if (room === undefined || room === 'sdk') return false;
            return rooms.indexOf(room) < rooms.indexOf(roomOf(file) ?? '');
          })
          .map((target) => `${file} -> ${target}`),
      );
    expect(climbing).toEqual([]);
  });

  test('sub-rooms of a room, and folders of a plugin, import each other in one direction only', () => {
    expect(circles()).toEqual([]);
  });

  test('the SDK imports nothing of ours', () => {
    const outside = code
      .filter((file) => file.startsWith('core/sdk/'))
      .flatMap((file) =>
        importsOf(file).filter((target) => /^(core\/(?!sdk\/)|plugins\/|@orchestrall\/)/.test(target)),
      );
    expect(outside).toEqual([]);
  });

  test('the client imports nothing of ours, and nothing of Node', () => {
    const outside = code
      .filter((file) => file.startsWith('core/client/') && !file.startsWith('core/client/generate/'))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => !target.startsWith('core/client/') && target !== 'openapi-fetch')
          .map((target) => `${file} -> ${target}`),
      );
    expect(outside).toEqual([]);
  });

  test('a plugin imports the SDK and contracts of other plugins, nothing else of ours', () => {
    const outside = code
      .filter((file) => file.startsWith('plugins/'))
      .flatMap((file) => {
        const own = file.split('/').slice(0, 2).join('/');
        return importsOf(file)
          .filter((target) => /^(core\/|plugins\/|@orchestrall\/)/.test(target))
          .filter(
            (target) => !target.startsWith(`${own}/`) && !/^@orchestrall\/sdk(\/resources)?$/.test(target),
          )
          .filter((target) => !/^@orchestrall\/plugin-[a-z-]+\/contract$/.test(target))
          .map((target) => `${file} -> ${target}`);
      });
    expect(outside).toEqual([]);
  });

  test('the core imports no plugin', () => {
    const outside = code
      .filter((file) => file.startsWith('core/'))
      .filter((file) => importsOf(file).some((target) => /^(plugins\/|@orchestrall\/plugin-)/.test(target)));
    expect(outside).toEqual([]);
  });

  test('no file of code is longer than 400 lines, but the generated types of the client', () => {
    const written = code.filter((file) => file !== 'core/client/schema.d.ts');
    const long = [...written, ...files.filter((file) => file.endsWith('.sql'))]
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });
});

test('a log line names its error `error`', () => {
  const otherwise = code
    .filter((file) => /^(core|plugins)\//.test(file) && file !== 'core/telemetry/logs.ts')
    .filter((file) => /[{,]\s*err\s*[:,}]/.test(readFileSync(join(root, file), 'utf8')));
  expect(otherwise).toEqual([]);
});

test('a message of a log begins in lower case', () => {
  const capital = code
    .filter((file) => /^(core|plugins)\//.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const calls = text.matchAll(/\blog(?:ger)?\.(?:debug|info|warn|error)\([^;]*?'([A-Z][a-z]+ [^']*)'/gsu);
      return Array.from(calls, (match) => `${file}: ${match[1]}`);
    })
    .filter((line) => !/: PostgreSQL /.test(line));
  expect(capital).toEqual([]);
});
