/**
 * A DNS server on loopback (UDP and TCP on one port) that answers from an object, and misbehaves where the object says so.
 * It plays a resolver: AD is set where a name is marked `secure`. No DNSSEC of its own: see `signed-zone.ts` for that.
 *
 *     const zone = await startZone({ records: { 'dest.test': { MX: ['10 mx.dest.test'] }, 'mx.dest.test': { A: ['127.0.0.2'] } } });
 *     // resolvers: [zone.resolver]
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import * as packet from 'dns-packet';

export type ZoneType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'PTR' | 'TLSA' | 'TXT';

/** How a question goes wrong. Those that end in `-udp` are answered well over TCP. */
export type Fault =
  | 'servfail'
  /** SERVFAIL with the extended error 6, as a validating resolver answers. */
  | 'bogus'
  | 'refused'
  | 'formerr'
  | 'silence'
  | 'truncated-udp'
  /** TC over UDP, and TCP is closed without an answer. */
  | 'truncated'
  | 'wrong-id'
  | 'wrong-question'
  | 'garbage-udp'
  | 'garbage';

/** What one name has, in the presentation format of zone files; `{}` is a name without records. */
export type ZoneName = {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly CNAME?: string;
  /** `10 mx.dest.test`; `0 .` is the null MX. */
  readonly MX?: readonly string[];
  readonly PTR?: readonly string[];
  /** `3 1 1 0123abcd...` */
  readonly TLSA?: readonly string[];
  /** A list inside the list is one record of several strings. */
  readonly TXT?: readonly (string | readonly string[])[];
  /** 300 s when left out. */
  readonly ttlS?: number;
  /** AD is set in answers; names below that are not in the zone take it over. */
  readonly secure?: boolean;
  readonly fault?: Fault | { readonly [type in ZoneType]?: Fault };
};

export type ZoneOptions = {
  readonly records: { readonly [name: string]: ZoneName };
  /** SOA minimum in denials (RFC 2308); `undefined` leaves the SOA record out. 60 s when left out. */
  readonly negativeTtlS?: number | undefined;
};

export type ZoneQuery = {
  readonly name: string;
  readonly type: string;
  readonly protocol: 'udp' | 'tcp';
  readonly clientPort: number;
};

/** As the setting `dns.selfTest` takes it: every zone has these names, by which a relay finds out that `secure` counts. */
export const SELF_TEST_NAMES = {
  signed: 'selftest-signed.test',
  unsigned: 'selftest-unsigned.test',
  bogus: 'selftest-bogus.test',
} as const;

const SELF_TEST_RECORDS: { readonly [name: string]: ZoneName } = {
  [SELF_TEST_NAMES.signed]: { A: ['192.0.2.71'], secure: true },
  [SELF_TEST_NAMES.unsigned]: { A: ['192.0.2.72'] },
  [SELF_TEST_NAMES.bogus]: { fault: 'bogus' },
};

type Reply = packet.Packet & { answers: packet.Answer[] };
type Lookup = { answers: packet.Answer[]; exists: boolean; secure: boolean };

export async function startZone(options: ZoneOptions): Promise<Zone> {
  const zone = new Zone(options);
  await zone.listen();
  return zone;
}

export class Zone {
  readonly address = '127.0.0.1';
  port = 0;
  /** In the order of arrival. */
  readonly queries: ZoneQuery[] = [];
  readonly #names = new Map<string, ZoneName>();
  readonly #negativeTtlS: number | undefined;
  readonly #udp: UdpSocket = createSocket('udp4');
  readonly #tcp: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  constructor(options: ZoneOptions) {
    this.#negativeTtlS = 'negativeTtlS' in options ? options.negativeTtlS : 60;
    for (const [name, node] of Object.entries({ ...SELF_TEST_RECORDS, ...options.records })) this.set(name, node);
    this.#udp.on('message', (bytes, { port, address }) => {
      const reply = this.#answer(bytes, 'udp', port);
      if (reply !== undefined) this.#udp.send(reply, port, address);
    });
  }

  /** As the setting `dns.resolvers` takes it. */
  get resolver(): string {
    return `${this.address}:${this.port}`;
  }

  /** The port that TCP gets may be taken for UDP: then another. */
  async listen(): Promise<void> {
    this.#tcp.listen(0, this.address);
    await once(this.#tcp, 'listening');
    const bound = this.#tcp.address();
    this.port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
    this.#udp.bind(this.port, this.address);
    try {
      await once(this.#udp, 'listening');
    } catch {
      this.#tcp.close();
      await once(this.#tcp, 'close');
      await this.listen();
    }
  }

  /** Adds or replaces a name; `undefined` takes it out. */
  set(name: string, node: ZoneName | undefined): void {
    if (node === undefined) this.#names.delete(name.toLowerCase());
    else this.#names.set(name.toLowerCase(), node);
  }

  /** How often a question was asked. */
  asked(name: string, type?: ZoneType): number {
    return this.queries.filter((query) => query.name === name && (type === undefined || query.type === type)).length;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#tcp.close();
    await once(this.#tcp, 'close');
  }

  /** `await using zone = await startZone(...)` ends it with its test, also when the test fails. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const reply = this.#answer(received.subarray(2, end), 'tcp', socket.remotePort ?? 0);
        received = received.subarray(end);
        if (reply === undefined) socket.end();
        else socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]));
      }
    });
  }

  #answer(bytes: Buffer, protocol: 'udp' | 'tcp', clientPort: number): Buffer | undefined {
    const query = packet.decode(bytes);
    const question = query.questions?.[0];
    if (question === undefined) return undefined;
    this.queries.push({ name: question.name, type: question.type, protocol, clientPort });
    const { reply, fault } = this.#reply(query, question);
    const misfit = misbehave(fault, reply, protocol);
    if (misfit !== 'none') return misfit;
    const encoded = packet.encode(reply);
    const opt = query.additionals?.find((record) => record.type === 'OPT');
    if (protocol === 'tcp' || encoded.length <= (opt?.type === 'OPT' ? opt.udpPayloadSize : 512)) return encoded;
    return packet.encode(truncated(reply));
  }

  #reply(query: packet.DecodedPacket, question: packet.Question): { reply: Reply; fault: Fault | undefined } {
    const type = question.type;
    const fault = this.#fault(question.name.toLowerCase(), type);
    const { answers, exists, secure } = this.#look(question.name.toLowerCase(), type);
    const found = answers.some((record) => record.type === type);
    const rcode = rcodeOf(fault) ?? (exists ? 0 : 3);
    const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | rcode;
    const reply: Reply = {
      type: 'response',
      id: query.id ?? 0,
      flags: secure && rcodeOf(fault) === undefined ? flags | packet.AUTHENTIC_DATA : flags,
      questions: [question],
      answers: rcodeOf(fault) === undefined ? answers : [],
      authorities: found ? [] : this.#authority(),
      additionals: [edns(fault)],
    };
    return { reply, fault };
  }

  #authority(): packet.Answer[] {
    if (this.#negativeTtlS === undefined) return [];
    const data = { mname: 'ns.test', rname: 'admin.test', serial: 1, refresh: 1, retry: 1, expire: 1 };
    return [{ type: 'SOA', name: 'test', ttl: 3600, data: { ...data, minimum: this.#negativeTtlS } }];
  }

  #fault(name: string, type: string): Fault | undefined {
    const fault = this.#names.get(name)?.fault;
    if (fault === undefined || typeof fault === 'string') return fault;
    return Object.entries(fault).find(([faulty]) => faulty === type)?.[1];
  }

  /** Follows CNAMEs as a recursive resolver does. */
  #look(start: string, type: string): Lookup {
    const answers: packet.Answer[] = [];
    let name = start;
    let secure = true;
    for (let hop = 0; hop < 20; hop += 1) {
      const node = this.#names.get(name);
      secure &&= this.#isSecure(name);
      if (node === undefined) return { answers, exists: this.#hasBelow(name), secure };
      const ttl = node.ttlS ?? 300;
      if (node.CNAME === undefined || type === 'CNAME') {
        return { answers: [...answers, ...recordsOf(name, node, type, ttl)], exists: true, secure };
      }
      answers.push({ type: 'CNAME', name, ttl, data: node.CNAME });
      name = node.CNAME.toLowerCase();
    }
    return { answers, exists: true, secure };
  }

  #isSecure(name: string): boolean {
    const labels = name.split('.');
    for (let from = 0; from < labels.length; from += 1) {
      const node = this.#names.get(labels.slice(from).join('.'));
      if (node !== undefined) return node.secure ?? false;
    }
    return false;
  }

  #hasBelow(name: string): boolean {
    return [...this.#names.keys()].some((known) => known.endsWith(`.${name}`));
  }
}

function recordsOf(name: string, node: ZoneName, type: string, ttl: number): packet.Answer[] {
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'PTR':
    case 'CNAME':
      return [node[type] ?? []].flat().map((data) => ({ type, name, ttl, data }));
    case 'MX':
      return (node.MX ?? []).map((text) => ({ type, name, ttl, data: mxOf(text) }));
    case 'TLSA':
      return (node.TLSA ?? []).map((text) => ({ type, name, ttl, data: tlsaOf(text) }));
    case 'TXT':
      return (node.TXT ?? []).map((text) => ({ type, name, ttl, data: [text].flat() }));
    default:
      return [];
  }
}

function mxOf(text: string): packet.MxData {
  const space = text.indexOf(' ');
  return { preference: Number(text.slice(0, space)), exchange: text.slice(space + 1) };
}

function tlsaOf(text: string): packet.TlsaData {
  const [usage, selector, matchingType, hex = ''] = text.split(' ');
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    certificate: Buffer.from(hex, 'hex'),
  };
}

function rcodeOf(fault: Fault | undefined): number | undefined {
  const rcodes: { readonly [name: string]: number } = { formerr: 1, servfail: 2, bogus: 2, refused: 5 };
  return fault === undefined ? undefined : rcodes[fault];
}

function edns(fault: Fault | undefined): packet.Answer {
  const record = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0x8000,
  } as const;
  const bogus = Buffer.concat([Buffer.from([0, 6]), Buffer.from('validation failure')]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of dns-packet do not know RFC 8914
  const options = (fault === 'bogus' ? [{ code: 15, data: bogus }] : []) as unknown as packet.PacketOpt[];
  return { ...record, flag_do: true, options };
}

function truncated(reply: Reply): Reply {
  return { ...reply, flags: (reply.flags ?? 0) | packet.TRUNCATED_RESPONSE, answers: [], authorities: [] };
}

/** The octets of an answer that is wrong as a whole; `undefined` is none at all, `'none'` is nothing wrong. */
function misbehave(fault: Fault | undefined, reply: Reply, protocol: 'udp' | 'tcp'): Buffer | undefined | 'none' {
  if (fault === undefined || rcodeOf(fault) !== undefined) return 'none';
  if (fault === 'silence') return undefined;
  if (fault === 'wrong-id') return packet.encode({ ...reply, id: ((reply.id ?? 0) + 1) & 0xffff });
  if (fault === 'wrong-question') {
    return packet.encode({ ...reply, questions: [{ type: 'A', class: 'IN', name: 'another.test' }] });
  }
  if (protocol === 'tcp' && fault.endsWith('-udp')) return 'none';
  if (fault.startsWith('truncated')) return protocol === 'tcp' ? undefined : packet.encode(truncated(reply));
  // The header and the question stand, and the rest is cut in the middle of a record.
  return packet.encode(reply).subarray(0, -15);
}
