/**
 * The records that a domain of ours is to publish, from its settings and our keys alone. Pure; what DNS says is compared
 * with them in `compare.ts`.
 */
import { createHash, type KeyObject } from 'node:crypto';

import { shownFor } from '#certificates/choice.ts';
import type { OwnKeys } from '#certificates/own-keys.ts';
import type { TlsaRecord } from '#dns/answer.ts';
import { isInNetworks, parseNetworks } from '#mail/network.ts';
import type { DkimRecord } from '#mime/dkim-record.ts';
import { writeTlsReportRecord } from '#reporting/tls-report/record.ts';
import { associationOf } from '#tls-policy/dane/association.ts';
import { recordText, SELECTOR, USAGE } from '#tls-policy/dane/records.ts';
import { keyText, publicKeyOf } from '#tls-policy/dane/strength.ts';
import type { StsPolicy } from '#tls-policy/mta-sts/policy.ts';
import { policyHostOf, policyId, policyOf } from './policy.ts';
import type { PublishedDomain, PublishingSettings } from './settings.ts';

/** One key that a host shows, or will show. */
export type HostKey = {
  readonly use: 'current' | 'next';
  /** `RSA 2048`, `ECDSA P-256` */
  readonly kind: string;
  readonly record: TlsaRecord;
  /** Of the certificate, which is where an operator finds it. */
  readonly certFile: string;
};

export type WantedTlsa = { readonly name: string; readonly host: string; readonly keys: readonly HostKey[] };

export type WantedRecords = {
  readonly domain: string;
  readonly mx: readonly string[];
  readonly otherMx: readonly string[];
  /** `undefined` when the domain publishes no policy. */
  readonly sts:
    { readonly name: string; readonly host: string; readonly policy: StsPolicy; readonly id: string } | undefined;
  /** `undefined` when it asks for no reports. */
  readonly reports: { readonly name: string; readonly text: string } | undefined;
  readonly dkim: DkimRecord | undefined;
  readonly tlsa: readonly WantedTlsa[];
};

export type OwnSide = {
  readonly keys: readonly OwnKeys[];
  readonly ports: readonly number[];
  /** `undefined` while there is no key. */
  readonly dkim: DkimRecord | undefined;
};

const SMTP_PORT = 25;
/** SHA2-256(1), which every sender knows: RFC 7672 §3.1 recommends 3 1 1. */
const SHA256 = 1;
const LOOPBACK = parseNetworks(['127.0.0.0/8', '::1/128']);

export function wantedRecords(published: PublishedDomain, { keys, ports, dkim }: OwnSide): WantedRecords {
  const { domain, mx, otherMx, tlsReports, dane } = published;
  const policy = policyOf(published);
  return {
    domain,
    mx,
    otherMx,
    sts:
      policy === undefined
        ? undefined
        : { name: `_mta-sts.${domain}`, host: policyHostOf(domain), policy, id: policyId(policy) },
    reports:
      tlsReports.length === 0 ? undefined : { name: `_smtp._tls.${domain}`, text: writeTlsReportRecord(tlsReports) },
    dkim: dkim !== undefined && dkim.name.endsWith(`.${domain}`) ? dkim : undefined,
    tlsa: dane ? mx.flatMap((host) => tlsaOf(host, keys, ports)) : [],
  };
}

/** Where others reach us: what the settings say, else the usual port and those of listeners that are not on loopback. */
export function smtpPorts({
  publishing,
  listeners,
}: Pick<PublishingSettings, 'publishing' | 'listeners'>): readonly number[] {
  if (publishing.ports.length > 0) return publishing.ports;
  const listening = listeners
    .filter(({ address, port, mode }) => mode === 'relay' && port !== 0 && !isInNetworks(LOOPBACK, address))
    .map(({ port }) => port);
  return [...new Set([SMTP_PORT, ...listening])];
}

/** The keys that a client which asks for this host is shown, and those that will take their place; each key once. */
export function keysOf(host: string, keys: readonly OwnKeys[]): readonly HostKey[] {
  const shown = shownFor(
    keys.map(({ leaf }) => leaf),
    host,
  ).flatMap((position) => keys[position] ?? []);
  const all = [...shown.flatMap(currentKey), ...shown.flatMap(nextKey)];
  const digests = all.map(({ record }) => digestText(record));
  return all.filter((_, index) => digests.indexOf(digests[index] ?? '') === index);
}

/** RFC 7671 §5.1: DANE-EE(3) SPKI(1) SHA2-256(1), which a renewed certificate leaves as it is while its key stays. */
function endEntity(association: Uint8Array): TlsaRecord {
  return { usage: USAGE.endEntity, selector: SELECTOR.publicKey, matchingType: SHA256, association };
}

export function recordOfKey(key: KeyObject): TlsaRecord {
  return endEntity(
    createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest(),
  );
}

/** `3 1 1 ab12...` of the key that is in use. */
export const currentText = (own: OwnKeys): string =>
  currentKey(own)
    .map(({ record }) => recordText(record))
    .join();

function tlsaOf(host: string, keys: readonly OwnKeys[], ports: readonly number[]): readonly WantedTlsa[] {
  const own = keysOf(host, keys);
  return own.length === 0 ? [] : ports.map((port) => ({ name: `_${port}._tcp.${host}`, host, keys: own }));
}

function currentKey({ leaf, files: { certFile } }: OwnKeys): readonly HostKey[] {
  const association = associationOf(leaf, SELECTOR.publicKey, SHA256);
  if (association === undefined) return [];
  return [{ use: 'current', kind: keyText(publicKeyOf(leaf)), record: endEntity(association), certFile }];
}

function nextKey({ next, files: { certFile } }: OwnKeys): readonly HostKey[] {
  return next === undefined ? [] : [{ use: 'next', kind: keyText(next), record: recordOfKey(next), certFile }];
}

const digestText = ({ association }: TlsaRecord): string => Buffer.from(association).toString('hex');
