/**
 * Takes messages over SMTP and throws them away: `smtp-sink` of Postfix, with STARTTLS. Writes `mesg=N` to standard output
 * while the number grows, as `smtp-sink -c` does. It finds the ends of commands and content, and checks nothing.
 *
 *   node bench/sink.ts --port 2526 --cert cert.pem --key key.pem
 */
import { readFileSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { port: { type: 'string' }, cert: { type: 'string', default: '' }, key: { type: 'string', default: '' } },
});

const LINE_FEED = 0x0a;
const END_OF_CONTENT = Buffer.from('\r\n.\r\n');
const REPORT_INTERVAL_MS = 10;
const STANDARD_OUTPUT = 1;

const secureContext = createSecureContext({ cert: readFileSync(values.cert), key: readFileSync(values.key) });
let messages = 0;

/** Replies by the first two letters of the command; any other command is fine too. */
const extensions = '250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n';
const replies = new Map([
  ['EH', `${extensions}250-STARTTLS\r\n250 ENHANCEDSTATUSCODES\r\n`],
  ['HE', '250 sink.example\r\n'],
  ['ST', '220 2.0.0 Ready\r\n'],
  ['DA', '354 Go on\r\n'],
  ['QU', '221 2.0.0 Bye\r\n'],
]);

/** Reads one connection; after STARTTLS another one takes over. */
class Session {
  readonly #socket: Socket;
  #inContent = false;
  /** The start of an unfinished command, or the last octets of content that may begin its end. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  #read(chunk: Buffer): void {
    let unread: Buffer | undefined = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let answer = '';
    while (unread !== undefined) {
      const at = this.#inContent ? unread.indexOf(END_OF_CONTENT) : unread.indexOf(LINE_FEED);
      if (at < 0) break;
      const end: number = this.#inContent ? at + END_OF_CONTENT.length : at + 1;
      answer += this.#inContent ? this.#endContent() : this.#obey(unread.toString('latin1', 0, 2).toUpperCase());
      unread = unread.subarray(end);
    }
    this.#rest = this.#inContent ? unread.subarray(-(END_OF_CONTENT.length - 1)) : unread;
    if (answer !== '') this.#answer(answer);
  }

  #endContent(): string {
    this.#inContent = false;
    messages += 1;
    return '250 2.0.0 Ok\r\n';
  }

  #obey(verb: string): string {
    this.#inContent = verb === 'DA';
    return replies.get(verb) ?? '250 2.0.0 Ok\r\n';
  }

  #answer(answer: string): void {
    this.#socket.write(answer);
    if (answer.endsWith(replies.get('QU') ?? '')) this.#socket.end();
    if (answer.endsWith(replies.get('ST') ?? '')) {
      this.#socket.removeAllListeners('data');
      void new Session(new TLSSocket(this.#socket, { isServer: true, secureContext }));
    }
  }
}

createServer({ noDelay: true }, (socket) => {
  void new Session(socket);
  socket.write('220 sink.example ESMTP\r\n');
}).listen(Number(values.port), '127.0.0.1', 1000);

let reported = -1;
setInterval(() => {
  if (messages === reported) return;
  reported = messages;
  writeSync(STANDARD_OUTPUT, `mesg=${messages}\n`);
}, REPORT_INTERVAL_MS);
