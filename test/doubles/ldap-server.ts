/**
 * A directory server that answers from records in memory: as Active Directory does where OpenLDAP cannot (groups in groups, lengths in
 * four octets), and as no server should where a test says so. Every request is written down.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';

import type { KeyPair } from './certificates.ts';
import type { LdapRecord } from './slapd.ts';

export type LdapRequest =
  | { readonly kind: 'bind'; readonly dn: string; readonly password: string }
  | {
      readonly kind: 'search';
      readonly dn: string;
      readonly scope: number;
      readonly filter: FilterNode;
      readonly cookie: string;
    }
  | { readonly kind: 'start-tls' }
  | { readonly kind: 'unbind' };

export type FilterNode =
  | { readonly kind: 'and' | 'or' | 'not'; readonly filters: readonly FilterNode[] }
  | { readonly kind: 'equal' | 'chain'; readonly attribute: string; readonly value: string }
  | { readonly kind: 'present'; readonly attribute: string };

/**
 * What becomes of a request: the answer of its records, nothing at all, the end of the connection, a result code, or octets (of
 * which the message id must be right where it matters).
 */
export type Reaction = 'answer' | 'silence' | 'close' | { readonly code: number } | ((id: number) => Buffer);

export type LdapServerOptions = {
  readonly records?: readonly LdapRecord[];
  readonly react?: (request: LdapRequest) => Reaction;
  readonly certificate?: KeyPair;
  /** Entries of one page, where the client asks for pages. */
  readonly pageSize?: number;
};

export class LdapServer {
  readonly requests: LdapRequest[] = [];
  /** Connections so far. */
  connections = 0;
  readonly #options: LdapServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(options: LdapServerOptions = {}): Promise<LdapServer> {
    const server = new LdapServer(options);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(options: LdapServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#serve(socket);
    });
  }

  get url(): string {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a TCP port
    return `ldap://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that nobody has ended. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Ends all connections, as a server does with idle ones; resolves when the client has ended them too. */
  async drop(): Promise<void> {
    const closed = [...this.#sockets].map((socket) => once(socket, 'close'));
    for (const socket of this.#sockets) socket.end();
    await Promise.all(closed);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#server[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let received: Buffer = Buffer.alloc(0);
    const onData = (octets: Buffer): void => {
      received = Buffer.concat([received, octets]);
      for (let size = sizeOf(received); size !== undefined && size <= received.length; size = sizeOf(received)) {
        const message = children(received.subarray(0, size))[0];
        received = received.subarray(size);
        if (message !== undefined) this.#handle(message, socket, onData);
      }
    };
    socket.on('data', onData);
  }

  #handle(message: Node, socket: Socket, onData: (octets: Buffer) => void): void {
    const [id = NOTHING, operation = NOTHING, controls] = children(message.content);
    const request = readRequest(operation, controls);
    if (request === undefined) return void socket.destroy();
    this.requests.push(request);
    const reaction = this.#options.react?.(request) ?? 'answer';
    if (reaction === 'silence') return;
    if (reaction === 'close' || request.kind === 'unbind') return void socket.end();
    const number = id.content.readUIntBE(0, id.content.length);
    socket.write(typeof reaction === 'function' ? reaction(number) : this.#answer(number, request, reaction));
    if (request.kind === 'start-tls' && reaction === 'answer') this.#encrypt(socket, onData);
  }

  #encrypt(socket: Socket, onData: (octets: Buffer) => void): void {
    if (this.#options.certificate === undefined) return;
    socket.off('data', onData);
    const secureContext = createSecureContext(this.#options.certificate);
    this.#serve(new TLSSocket(socket, { isServer: true, secureContext }));
  }

  #answer(
    id: number,
    request: Exclude<LdapRequest, { kind: 'unbind' }>,
    reaction: 'answer' | { code: number },
  ): Buffer {
    const code = reaction === 'answer' ? 0 : reaction.code;
    if (request.kind === 'bind') return ldapMessage(id, result(0x61, code));
    if (request.kind === 'start-tls') return ldapMessage(id, result(0x78, this.#options.certificate ? code : 53));
    if (code !== 0) return ldapMessage(id, result(0x65, code));
    const records = this.#search(request);
    if (records === undefined) return ldapMessage(id, result(0x65, 32));
    const { pageSize = 500 } = this.#options;
    const from = Number(request.cookie);
    const page = records.slice(from, from + pageSize).map((record) => ldapMessage(id, entry(record)));
    const cookie = from + pageSize < records.length ? String(from + pageSize) : '';
    return Buffer.concat([...page, ldapMessage(id, result(0x65, 0), pagedResults(cookie))]);
  }

  /** Undefined where the entry that is asked for is not there. */
  #search({ dn, scope, filter }: Extract<LdapRequest, { kind: 'search' }>): readonly LdapRecord[] | undefined {
    const { records = [] } = this.#options;
    if (!records.some((record) => isBelow(record.dn, dn))) return undefined;
    return records.filter(
      (record) =>
        (scope === 0 ? record.dn.toLowerCase() === dn.toLowerCase() : isBelow(record.dn, dn)) &&
        matches(record, filter, records),
    );
  }
}

const isBelow = (dn: string, root: string): boolean => `,${dn}`.toLowerCase().endsWith(`,${root}`.toLowerCase());

function matches(record: LdapRecord, filter: FilterNode, records: readonly LdapRecord[]): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.filters.every((each) => matches(record, each, records));
    case 'or':
      return filter.filters.some((each) => matches(record, each, records));
    case 'not':
      return !filter.filters.some((each) => matches(record, each, records));
    case 'present':
      return valuesOf(record, filter.attribute).length > 0;
    case 'equal':
      return has(record, filter.attribute, filter.value);
    case 'chain':
      return chained(record, filter, records, new Set());
  }
}

type Chain = { readonly attribute: string; readonly value: string };

function chained(record: LdapRecord, chain: Chain, records: readonly LdapRecord[], seen: Set<string>): boolean {
  if (seen.has(record.dn)) return false;
  seen.add(record.dn);
  const members = records.filter((each) => has(record, chain.attribute, each.dn));
  return has(record, chain.attribute, chain.value) || members.some((each) => chained(each, chain, records, seen));
}

const has = (record: LdapRecord, attribute: string, value: string): boolean =>
  valuesOf(record, attribute).some((each) => each.toLowerCase() === value.toLowerCase());

const valuesOf = ({ values }: LdapRecord, attribute: string): readonly string[] =>
  Object.entries(values).find(([name]) => name.toLowerCase() === attribute.toLowerCase())?.[1] ?? [];

// BER, written and read apart from the production code, which it has to prove.

type Node = { readonly tag: number; readonly content: Buffer };

const NOTHING: Node = { tag: 0, content: Buffer.alloc(0) };

/** In the way of Active Directory: every length in four octets. */
export function ber(tag: number, ...contents: readonly (Buffer | string | number)[]): Buffer {
  const content = Buffer.concat(contents.map((each) => (typeof each === 'number' ? number(each) : Buffer.from(each))));
  const head = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
  head.writeUInt32BE(content.length, 2);
  return Buffer.concat([head, content]);
}

const number = (value: number): Buffer => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
};

export const ldapMessage = (id: number, operation: Buffer, controls: Buffer = Buffer.alloc(0)): Buffer =>
  ber(0x30, ber(0x02, id), operation, controls);

/** LDAPResult under the tag of an operation. */
export const result = (tag: number, code: number, text = ''): Buffer =>
  ber(tag, ber(0x0a, code), ber(0x04, ''), ber(0x04, text));

const pagedResults = (cookie: string): Buffer =>
  ber(0xa0, ber(0x30, ber(0x04, '1.2.840.113556.1.4.319'), ber(0x04, ber(0x30, ber(0x02, 0), ber(0x04, cookie)))));

export const entry = ({ dn, values }: LdapRecord): Buffer =>
  ber(
    0x64,
    ber(0x04, dn),
    ber(
      0x30,
      ...Object.entries(values).map(([name, texts]) =>
        ber(0x30, ber(0x04, name), ber(0x31, ...texts.map((text) => ber(0x04, text)))),
      ),
    ),
  );

function sizeOf(octets: Buffer): number | undefined {
  const first = octets[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  return octets.length < 2 + count ? undefined : 2 + count + octets.readUIntBE(2, count);
}

function children(octets: Buffer): readonly Node[] {
  const nodes: Node[] = [];
  for (let rest = octets; rest.length > 0;) {
    const size = sizeOf(rest) ?? rest.length;
    const start = (rest[1] ?? 0) < 0x80 ? 2 : 2 + ((rest[1] ?? 0) & 0x7f);
    nodes.push({ tag: rest[0] ?? 0, content: rest.subarray(start, size) });
    rest = rest.subarray(size);
  }
  return nodes;
}

const text = (node: Node | undefined): string => node?.content.toString('utf8') ?? '';

function readRequest(operation: Node, controls: Node | undefined): LdapRequest | undefined {
  const parts = operation.tag === 0x42 ? [] : children(operation.content);
  switch (operation.tag) {
    case 0x60:
      return { kind: 'bind', dn: text(parts[1]), password: text(parts[2]) };
    case 0x42:
      return { kind: 'unbind' };
    case 0x77:
      return { kind: 'start-tls' };
    case 0x63: {
      const scope = parts[1]?.content[0] ?? 0;
      const filter = readFilter(parts[6] ?? NOTHING);
      return { kind: 'search', dn: text(parts[0]), scope, filter, cookie: readCookie(controls) };
    }
    default:
      return undefined;
  }
}

function readCookie(controls: Node | undefined): string {
  const [control = NOTHING] = controls === undefined ? [] : children(controls.content);
  const [value = NOTHING] = children(children(control.content).at(-1)?.content ?? Buffer.alloc(0));
  return text(children(value.content)[1]) || '0';
}

function readFilter({ tag, content }: Node): FilterNode {
  const parts = tag === 0x87 ? [] : children(content);
  switch (tag) {
    case 0xa0:
      return { kind: 'and', filters: parts.map(readFilter) };
    case 0xa1:
      return { kind: 'or', filters: parts.map(readFilter) };
    case 0xa2:
      return { kind: 'not', filters: parts.map(readFilter) };
    case 0xa3:
      return { kind: 'equal', attribute: text(parts[0]), value: text(parts[1]) };
    case 0x87:
      return { kind: 'present', attribute: content.toString('utf8') };
    case 0xa9: {
      const part = (wanted: number): string => text(parts.find((each) => each.tag === wanted));
      if (part(0x81) !== '1.2.840.113556.1.4.1941') throw new Error(`no such matching rule: ${part(0x81)}`);
      return { kind: 'chain', attribute: part(0x82), value: part(0x83) };
    }
    default:
      throw new Error(`a filter that this server does not know: ${tag}`);
  }
}
