/** Where the messages of the demo go: who gets them, what their host does, and what their domain publishes. Nothing is started here. */
export type Place = {
  readonly recipient: string;
  readonly address: string;
  /** What is to be seen there, for the table. */
  readonly about: string;
  /**
   * `valid`: a certificate of an authority that the relay trusts, for the host's name; `elsewhere`: one for another host;
   * `private`: one of an authority that nobody trusts, as is usual under DANE.
   */
  readonly tls: 'valid' | 'elsewhere' | 'private' | 'tls-1.0' | 'none';
  /** TLSA records that name the key of one of these certificates, in a signed zone. */
  readonly tlsa?: 'valid' | 'private';
  /** Publishes an MTA-STS policy of mode enforce. */
  readonly hasPolicy?: boolean;
  /** The message demands REQUIRETLS. */
  readonly requireTls?: boolean;
  /** The host offers REQUIRETLS. */
  readonly offersRequireTls?: boolean;
};

export const SENDER = 'alice@sender.test';
export const SENDER_ADDRESS = '127.0.0.20';

export const PLACES: readonly Place[] = [
  { recipient: 'bob@modern.test', address: '127.0.0.21', about: 'TLS 1.2 and 1.3', tls: 'valid' },
  { recipient: 'carol@plain.test', address: '127.0.0.22', about: 'no TLS', tls: 'none' },
  { recipient: 'dave@ancient.test', address: '127.0.0.23', about: 'TLS 1.0 only', tls: 'tls-1.0' },
  {
    recipient: 'erin@dane.test',
    address: '127.0.0.24',
    about: 'DANE, the key of its TLSA record',
    tls: 'private',
    tlsa: 'private',
  },
  {
    recipient: 'frank@forged.test',
    address: '127.0.0.25',
    about: 'DANE, a valid certificate of another key',
    tls: 'valid',
    tlsa: 'private',
  },
  {
    recipient: 'grace@listed.test',
    address: '127.0.0.26',
    about: 'MTA-STS, a valid certificate',
    tls: 'valid',
    hasPolicy: true,
  },
  {
    recipient: 'heidi@diverted.test',
    address: '127.0.0.27',
    about: "MTA-STS, another host's certificate",
    tls: 'elsewhere',
    hasPolicy: true,
  },
  {
    recipient: 'ivan@careful.test',
    address: '127.0.0.28',
    about: 'DANE; REQUIRETLS demanded and offered',
    tls: 'private',
    tlsa: 'private',
    requireTls: true,
    offersRequireTls: true,
  },
  {
    recipient: 'judy@careless.test',
    address: '127.0.0.29',
    about: 'DANE; REQUIRETLS demanded, not offered',
    tls: 'private',
    tlsa: 'private',
    requireTls: true,
  },
];

export const domainOf = (recipient: string): string => recipient.slice(recipient.indexOf('@') + 1);
export const hostOf = ({ recipient }: Pick<Place, 'recipient'>): string => `mx.${domainOf(recipient)}`;
