/** The DNS record of a DKIM key (RFC 6376 §3.6.1), read and written. Pure. */

export type DkimRecord = {
  /** `postern._domainkey.example.org` */
  readonly name: string;
  /** The text of the TXT record, in one piece: a zone file breaks it into strings of up to 255 octets. */
  readonly text: string;
};

/**
 * For a key that signs mail and reports alike: RFC 8460 §3 wants `tlsrpt` among the services, and receivers may pass over
 * reports signed with a key that lacks it.
 */
export function writeKeyRecord(publicKey: Uint8Array): string {
  return `v=DKIM1; k=rsa; s=email:tlsrpt; p=${Buffer.from(publicKey).toString('base64')}`;
}

/** Tags of a tag list (RFC 6376 §3.2) by their names; of a name that occurs twice the first counts. */
export function parseKeyTags(record: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const field of record.split(';')) {
    const [, name = '', value = ''] = /^\s*(\w+)\s*=([^]*)$/.exec(field) ?? [];
    if (name !== '' && !tags.has(name)) tags.set(name, value.trim());
  }
  return tags;
}
