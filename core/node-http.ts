/**
 * Node's HTTP without its client side. Importing 'node:http' as an ES module reads all its exports, and one of them,
 * `WebSocket`, loads undici: 30 ms of a start. Types are imported from 'node:http'.
 */
export const {
  createServer,
  IncomingMessage,
  ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} = process.getBuiltinModule('node:http');
