import { expect, test } from 'vitest';
import { parseDatabaseUrl } from './connection.ts';

test('parseDatabaseUrl() reads host, port, database, user and password', () => {
  expect(parseDatabaseUrl('postgresql://ann:p%40ss@db.example:5433/shop')).toEqual({
    host: 'db.example',
    port: 5433,
    database: 'shop',
    user: 'ann',
    password: 'p@ss',
    ssl: false,
  });
});

test('parseDatabaseUrl() takes the folder of a socket and the TLS mode from the query', () => {
  expect(parseDatabaseUrl('postgres://ann:pass@/shop?host=/run/postgresql')).toMatchObject({
    host: '/run/postgresql',
    port: 5432,
  });
  expect(parseDatabaseUrl('postgres://ann:pass@db/shop?sslmode=verify-full').ssl).toBeTruthy();
});

test.each([
  ['mysql://ann:hidden@db/shop', 'DATABASE_URL_INVALID'],
  ['ann:hidden@db', 'DATABASE_URL_INVALID'],
  ['postgresql://ann:hidden@db:port/shop', 'DATABASE_URL_INVALID'],
  ['postgresql://ann@db/shop', 'DATABASE_PASSWORD_MISSING'],
])('parseDatabaseUrl() refuses %s without showing it', (url, code) => {
  expect.assertions(2);
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error) + String(error)).not.toContain('hidden');
  }
});
