/**
 * The name that a client asks for, read off its ClientHello before the handshake begins, so that the handshake starts with
 * exactly the certificates of that name.
 *
 * Node's SNICallback cannot give that: it puts one certificate into a connection that keeps those of the default for other
 * types of key, and OpenSSL may then show the default's ECDSA certificate to a client that asked for a name with an RSA one.
 */
import type { Socket } from 'node:net';
import type { Milliseconds } from '#mail/units.ts';

export type ReadHello =
  | { readonly kind: 'incomplete' }
  /** `undefined` when it names nobody, or is no ClientHello: whatever is wrong with it is for the handshake to say. */
  | { readonly kind: 'read'; readonly servername: string | undefined };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const SERVER_NAME_EXTENSION = 0;
const HOST_NAME = 0;
const VERSION_AND_RANDOM_BYTES = 34;
/** Hybrid key shares make two kilobytes of it. */
const HELLO_LIMIT_BYTES = 16 * 1024;

/** What the octets so far say. Pure; never throws, whatever they are (RFC 8446 §4.1.2, RFC 6066 §3). */
export function readClientHello(octets: Buffer): ReadHello {
  const message = messageIn(octets);
  if (message === 'incomplete') return octets.length < HELLO_LIMIT_BYTES ? { kind: 'incomplete' } : NOBODY;
  if (message === 'other') return NOBODY;
  return { kind: 'read', servername: nameIn(message) };
}

const NOBODY: ReadHello = { kind: 'read', servername: undefined };

/** Resolves when the ClientHello is complete or will never be; every octet stays on the socket, which is paused. */
export function awaitServerName(socket: Socket, timeout: Milliseconds): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const settle = (servername: string | undefined): void => {
      clearTimeout(timer);
      socket.off('readable', read).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      socket.pause();
      if (chunks.length > 0) socket.unshift(Buffer.concat(chunks));
      resolve(servername);
    };
    const onEnd = (): void => settle(undefined);
    const read = (): void => {
      const chunk: unknown = socket.read();
      if (!(chunk instanceof Buffer)) return;
      chunks.push(chunk);
      const hello = readClientHello(Buffer.concat(chunks));
      if (hello.kind === 'read') settle(hello.servername);
    };
    const timer = setTimeout(onEnd, timeout);
    socket.on('readable', read).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    if (socket.destroyed || socket.readableEnded) onEnd();
  });
}

/** The body of the first message, which may be spread over several records. */
function messageIn(octets: Buffer): Buffer | 'incomplete' | 'other' {
  const fragments: Buffer[] = [];
  let [gathered, at] = [0, 0];
  while (at < octets.length) {
    if (octets[at] !== HANDSHAKE_RECORD) return 'other';
    if (octets.length < at + RECORD_HEADER_BYTES) return 'incomplete';
    const end = at + RECORD_HEADER_BYTES + octets.readUInt16BE(at + 3);
    const fragment = octets.subarray(at + RECORD_HEADER_BYTES, end);
    fragments.push(fragment);
    gathered += fragment.length;
    if (gathered >= MESSAGE_HEADER_BYTES) {
      const message = Buffer.concat(fragments);
      if (message[0] !== CLIENT_HELLO) return 'other';
      const whole = MESSAGE_HEADER_BYTES + message.readUIntBE(1, 3);
      if (message.length >= whole) return message.subarray(MESSAGE_HEADER_BYTES, whole);
    }
    at = end;
  }
  return 'incomplete';
}

function nameIn(hello: Buffer): string | undefined {
  const fields = new Fields(hello);
  fields.skip(VERSION_AND_RANDOM_BYTES);
  fields.skip(fields.number(1)); // session
  fields.skip(fields.number(2)); // suites
  fields.skip(fields.number(1)); // compression
  fields.skip(2); // length of all extensions
  while (!fields.ended) {
    const type = fields.number(2);
    const extension = fields.take(fields.number(2));
    if (type === SERVER_NAME_EXTENSION) return hostNameIn(extension);
  }
  return undefined;
}

function hostNameIn(extension: Buffer): string | undefined {
  const fields = new Fields(extension);
  fields.skip(2); // length of the list
  while (!fields.ended) {
    const type = fields.number(1);
    const name = fields.take(fields.number(2)).toString('latin1');
    if (type === HOST_NAME) return /^[\x21-\x7e]{1,255}$/.test(name) ? name.toLowerCase() : undefined;
  }
  return undefined;
}

/** Reads on behind each field; behind the end there are only zeros. */
class Fields {
  readonly #octets: Buffer;
  #at = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  get ended(): boolean {
    return this.#at >= this.#octets.length;
  }

  skip(count: number): void {
    this.#at += count;
  }

  number(bytes: 1 | 2): number {
    const field = this.take(bytes);
    return field.length < bytes ? 0 : field.readUIntBE(0, bytes);
  }

  take(count: number): Buffer {
    const field = this.#octets.subarray(this.#at, this.#at + count);
    this.#at += count;
    return field;
  }
}
