/**
 * The small world of the demo, all on loopback: a DNS zone, the sender's own mail host and three hosts that mail is sent
 * to, with a certificate of the development authority. The relay itself is not here: it is the real one.
 */
import { readFileSync } from 'node:fs';
import { issueCertificate, makeDevelopmentCertificates } from '#cli/certificates.ts';
import { ScriptedHost, TLS_1_0_ONLY, type ReceivedMessage } from '../doubles/scripted-host.ts';
import { startZone, type Zone, type ZoneName } from '../doubles/zone.ts';

export const SENDER = 'alice@sender.test';

/** Where each recipient's mail goes, and what is to be seen there. */
export const PLACES = [
  { recipient: 'bob@modern.test', host: 'mx.modern.test', address: '127.0.0.21', tls: 'TLS 1.2 and 1.3' },
  { recipient: 'carol@plain.test', host: 'mx.plain.test', address: '127.0.0.22', tls: 'none' },
  { recipient: 'dave@ancient.test', host: 'mx.ancient.test', address: '127.0.0.23', tls: 'TLS 1.0 only' },
] as const;

const SENDER_HOST = { host: 'mx.sender.test', address: '127.0.0.20' } as const;

export class World {
  readonly zone: Zone;
  readonly port: number;
  readonly #hosts: readonly ScriptedHost[];
  readonly #senderHost: ScriptedHost;

  private constructor(zone: Zone, port: number, hosts: readonly ScriptedHost[], senderHost: ScriptedHost) {
    this.zone = zone;
    this.port = port;
    this.#hosts = hosts;
    this.#senderHost = senderHost;
  }

  /** `directory` takes the authority and the certificates. */
  static async create(directory: string): Promise<World> {
    await makeDevelopmentCertificates(directory, ['relay.test']);
    const names = [SENDER_HOST.host, ...PLACES.map(({ host }) => host)];
    const { certFile, keyFile } = await issueCertificate({ directory, name: 'hosts', names });
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) };

    const senderHost = await ScriptedHost.start({ address: SENDER_HOST.address, tls });
    const { port } = senderHost;
    const options = { 'TLS 1.2 and 1.3': tls, none: undefined, 'TLS 1.0 only': { ...tls, ...TLS_1_0_ONLY } };
    const hosts = await Promise.all(
      PLACES.map(async (place) => ScriptedHost.start({ address: place.address, port, tls: options[place.tls] })),
    );

    const places = [{ recipient: SENDER, ...SENDER_HOST }, ...PLACES];
    const records = places.flatMap(({ recipient, host, address }): [string, ZoneName][] => [
      [recipient.slice(recipient.indexOf('@') + 1), { MX: [`10 ${host}`] }],
      [host, { A: [address] }],
    ]);
    const zone = await startZone({ records: Object.fromEntries(records) });
    return new World(zone, port, hosts, senderHost);
  }

  /** What came back to the sender. */
  get reports(): readonly ReceivedMessage[] {
    return this.#senderHost.messages;
  }

  /** What the host of a place has received. */
  receivedAt(index: number): readonly ReceivedMessage[] {
    return this.#hosts[index]?.messages ?? [];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts, this.#senderHost].map(async (host) => host.close()));
    await this.zone.close();
  }
}
