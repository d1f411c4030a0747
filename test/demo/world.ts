/**
 * The small world of the demo, all on loopback: names, a policy host, the sender's own mail host and the hosts that mail is sent
 * to, with certificates of the development authority or of one that nobody trusts. The relay itself is not here: it is the real one.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { issueCertificate, makeDevelopmentCertificates, type CertificateRequest } from '#cli/certificates.ts';
import type { KeyPair } from '../doubles/certificates.ts';
import { tlsaText } from '../doubles/chains.ts';
import { PolicyHost, policyText } from '../doubles/policy-host.ts';
import { ScriptedHost, TLS_1_0_ONLY, type ReceivedMessage } from '../doubles/scripted-host.ts';
import type { SignedZone } from '../doubles/signed-zone.ts';
import { startNames, type Names } from './names.ts';
import { domainOf, hostOf, PLACES, SENDER, SENDER_ADDRESS, type Place } from './places.ts';

type Certificates = { readonly [kind in 'valid' | 'elsewhere' | 'private' | 'policies']: KeyPair };

const POLICY_ADDRESS = '127.0.0.19';
const OFFERS = ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES'];

export class World {
  readonly names: Names;
  readonly port: number;
  readonly policyHost: PolicyHost;
  readonly #hosts: readonly ScriptedHost[];
  readonly #senderHost: ScriptedHost;

  private constructor(names: Names, policyHost: PolicyHost, [senderHost, ...hosts]: [ScriptedHost, ...ScriptedHost[]]) {
    this.names = names;
    this.port = senderHost.port;
    this.policyHost = policyHost;
    this.#hosts = hosts;
    this.#senderHost = senderHost;
  }

  /** `directory` takes the authorities and the certificates. */
  static async create(directory: string): Promise<World> {
    const certificates = await makeCertificates(directory);
    const senderHost = await ScriptedHost.start({ address: SENDER_ADDRESS, tls: certificates.valid });
    const { port } = senderHost;
    const hosts = await Promise.all(PLACES.map(async (place) => startHost(place, port, certificates)));
    const domains = PLACES.filter(({ hasPolicy }) => hasPolicy === true).map(({ recipient }) => domainOf(recipient));
    const policyHost = await PolicyHost.start({
      authority: { leaf: () => certificates.policies },
      answers: Object.fromEntries(domains.map((domain) => [domain, policyText({ mx: [`mx.${domain}`] })])),
      address: POLICY_ADDRESS,
    });
    const zones = PLACES.map((place): [string, SignedZone] => [
      domainOf(place.recipient),
      zoneOf(place, port, certificates),
    ]);
    const ownZone: SignedZone = { state: 'unsigned', records: ['@ MX 10 mx', `mx A ${SENDER_ADDRESS}`] };
    const names = await startNames({ ...Object.fromEntries(zones), [domainOf(SENDER)]: ownZone });
    return new World(names, policyHost, [senderHost, ...hosts]);
  }

  /** What came back to the sender. */
  get reports(): readonly ReceivedMessage[] {
    return this.#senderHost.messages;
  }

  /** True when a host heard anything outside of TLS but how to begin it. */
  heardInClear(index: number): boolean {
    const clear = Buffer.concat(this.#hosts[index]?.clear ?? []).toString('latin1');
    return !/^(?:(?:EHLO \S+|STARTTLS|QUIT)\r\n)*$/.test(clear);
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#hosts, this.#senderHost, this.policyHost, this.names].map(async (part) => part.close()),
    );
  }
}

async function makeCertificates(directory: string): Promise<Certificates> {
  const strangers = join(directory, 'strangers');
  await makeDevelopmentCertificates(directory, ['relay.test']);
  await makeDevelopmentCertificates(strangers, []);
  const names = [`mx.${domainOf(SENDER)}`, ...PLACES.map(hostOf)];
  const policyHosts = PLACES.map(({ recipient }) => `mta-sts.${domainOf(recipient)}`);
  return {
    valid: await issue({ directory, name: 'hosts', names }),
    elsewhere: await issue({ directory, name: 'elsewhere', names: ['mx.elsewhere.test'] }),
    policies: await issue({ directory, name: 'policies', names: policyHosts }),
    private: await issue({ directory: strangers, name: 'private', names }),
  };
}

async function issue(request: CertificateRequest): Promise<KeyPair> {
  const { certFile, keyFile } = await issueCertificate(request);
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

async function startHost(place: Place, port: number, certificates: Certificates): Promise<ScriptedHost> {
  const { address, offersRequireTls = false } = place;
  const offersInTls = offersRequireTls ? [...OFFERS, 'REQUIRETLS'] : OFFERS;
  return ScriptedHost.start({ address, port, tls: tlsOf(place, certificates), offers: OFFERS, offersInTls });
}

function tlsOf({ tls }: Place, certificates: Certificates): SecureContextOptions | undefined {
  if (tls === 'none') return undefined;
  return tls === 'tls-1.0' ? { ...certificates.valid, ...TLS_1_0_ONLY } : certificates[tls];
}

/** Only what is signed can hold TLSA records that count. */
function zoneOf({ address, tlsa, hasPolicy }: Place, port: number, certificates: Certificates): SignedZone {
  const records = ['@ MX 10 mx', `mx A ${address}`];
  if (hasPolicy === true) records.push('_mta-sts TXT "v=STSv1; id=1"', `mta-sts A ${POLICY_ADDRESS}`);
  if (tlsa === undefined) return { state: 'unsigned', records };
  const { key, cert } = certificates[tlsa];
  const record = tlsaText('3 1 1', { key, cert, x509: new X509Certificate(cert) });
  return { state: 'signed', records: [...records, `_${port}._tcp.mx TLSA ${record}`] };
}
