// Holds event streams open and counts what comes: url, token and number of streams on the command line. Says
// `open` when all are answered; writes the messages counted so far for each line that it is sent; ends with its input.
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';

const [url = '', token = '', count = '0'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
const separator = '\nevent: ';
let messages = 0;

function open(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  const request = get(`${url}/sse/events`, { agent, headers }, (response) => {
    if (response.statusCode !== 200) reject(new Error(`a stream answered ${response.statusCode}`));
    response.setEncoding('utf8');
    // Each message of the feed has one type.
    let end = '\n';
    response.on('data', (text: string) => {
      const joined = end + text;
      let from = joined.indexOf(separator);
      while (from >= 0) {
        messages += 1;
        from = joined.indexOf(separator, from + separator.length);
      }
      end = joined.slice(-(separator.length - 1));
    });
    response.on('close', () => {
      throw new Error('a stream was closed');
    });
    resolve();
  });
  request.on('error', reject);
  return promise;
}

await Promise.all(Array.from({ length: Number(count) }, open));
process.stdout.write('open\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${line} ${messages}\n`);
}
process.exit(0);
