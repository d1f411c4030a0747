/**
 * What `run.sh` asks of a composed world: a message to the relay's port appears in the catcher, and it came over TLS.
 * Talks to published ports only, as a user would.
 *
 *   node test/compose/check.ts [--smtp 127.0.0.1:2525] [--catcher http://127.0.0.1:8026]
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    smtp: { type: 'string', default: '127.0.0.1:2525' },
    catcher: { type: 'string', default: 'http://127.0.0.1:8026' },
  },
});

const LIMIT_MS = 30_000;

type Summary = { readonly ID: string; readonly Subject: string; readonly To: readonly { readonly Address: string }[] };

/** A dialogue in clear text, as swaks or a printer would hold it: each line, and the code that it must get. */
async function submit(socket: Socket, subject: string): Promise<void> {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const steps: [line: string, code: string][] = [
    ['', '220'],
    ['EHLO printer.internal', '250'],
    ['MAIL FROM:<printer@example.org>', '250'],
    ['RCPT TO:<reader@example.net>', '250'],
    ['DATA', '354'],
    [`From: printer@example.org\r\nTo: reader@example.net\r\nSubject: ${subject}\r\n\r\nHello\r\n.`, '250'],
    ['QUIT', '221'],
  ];
  for (const [line, code] of steps) {
    if (line !== '') socket.write(`${line}\r\n`);
    let reply = '';
    do reply = (await lines.next()).value ?? 'the connection was closed';
    while (/^\d{3}-/.test(reply));
    assert.equal(reply.slice(0, 3), code, `${line.split('\r\n')[0] ?? ''} got ${reply}`);
  }
}

async function get(path: string): Promise<Response> {
  const response = await fetch(values.catcher + path, { signal: AbortSignal.timeout(5_000) });
  assert.ok(response.ok, `${path} of the catcher answers ${response.status}`);
  return response;
}

async function findCaught(subject: string): Promise<Summary | undefined> {
  const { messages }: { messages: readonly Summary[] } = JSON.parse(await (await get('/api/v1/messages')).text());
  return messages.find((message) => message.Subject === subject);
}

async function untilCaught(subject: string): Promise<Summary> {
  const deadline = Date.now() + LIMIT_MS;
  while (Date.now() < deadline) {
    const found = await findCaught(subject);
    if (found !== undefined) return found;
    await wait(200);
  }
  throw new assert.AssertionError({ message: `the catcher did not get "${subject}" within ${LIMIT_MS / 1000} s` });
}

const subject = `compose ${randomUUID()}`;
const [host = '', port = ''] = values.smtp.split(':');
const socket = connect(Number(port), host);
socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`no answer from ${values.smtp}`)));
await once(socket, 'connect');
await submit(socket, subject);
socket.destroy();

const caught = await untilCaught(subject);
assert.deepEqual(
  caught.To.map(({ Address }) => Address),
  ['reader@example.net'],
);
const content = await (await get(`/api/v1/message/${caught.ID}/raw`)).text();
assert.match(content, /^Received: from printer\.internal .*by relay\.internal/ms);
assert.match(await (await get('/')).text(), /<html/i);
process.stdout.write(`${subject}\n`);
