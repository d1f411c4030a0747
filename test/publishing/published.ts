/** A domain of ours as settings have it, answers of DNS, and keys: each test says only what it is about. */
import { createPublicKey } from 'node:crypto';

import type { OwnKeys } from '#certificates/own-keys.ts';
import type { Answer, TlsaRecord } from '#dns/answer.ts';
import type { DnsFacts } from '#publishing/facts.ts';
import { wantedRecords, type OwnSide, type WantedRecords } from '#publishing/records.ts';
import type { PublishedDomain } from '#publishing/settings.ts';
import type { ChainCertificate } from '../doubles/chains.ts';

export function ownDomain(changes: Partial<PublishedDomain> = {}): PublishedDomain {
  return {
    domain: 'own.test',
    mx: ['mx.own.test'],
    otherMx: [],
    mtaSts: { mode: 'testing', maxAge: 86_400_000, mx: [] },
    tlsReports: [{ kind: 'mailto', address: 'tls@own.test' }],
    dane: true,
    ...changes,
  };
}

export function ownKeys(current: ChainCertificate, next?: ChainCertificate): OwnKeys {
  const nextKey = next === undefined ? undefined : createPublicKey(next.key);
  const files = { certFile: '/etc/own.pem', keyFile: '/etc/own.key', nextKeyFile: '/etc/own-next.key' };
  return { files, leaf: current.x509, next: nextKey };
}

export function wantedOf(changes: Partial<PublishedDomain> = {}, side: Partial<OwnSide> = {}): WantedRecords {
  return wantedRecords(ownDomain(changes), { keys: [], ports: [25], dkim: undefined, ...side });
}

export function found<Content>(records: readonly Content[], secure = true): Answer<Content> {
  return { kind: 'found', records, secure, canonicalName: 'own.test', ttlMs: 300_000, originalTtlMs: 300_000 };
}

export const nxdomain: Answer<never> = {
  kind: 'absent',
  why: 'nxdomain',
  secure: true,
  canonicalName: 'own.test',
  ttlMs: 60_000,
};
export const nodata: Answer<never> = { ...nxdomain, why: 'nodata' };
export const servfail: Answer<never> = { kind: 'failed', why: 'servfail' };
export const bogus: Answer<never> = { kind: 'bogus', extendedError: 7 };

/** What DNS says of a domain for which everything stands as it should but for the TLSA records. */
export function dnsFacts(wanted: WantedRecords, changes: Partial<DnsFacts> = {}): DnsFacts {
  return {
    mx: found([...wanted.mx, ...wanted.otherMx].map((exchange, index) => ({ preference: 10 + index, exchange }))),
    sts: wanted.sts === undefined ? nxdomain : found([`v=STSv1; id=${wanted.sts.id};`]),
    reports: wanted.reports === undefined ? nxdomain : found([wanted.reports.text]),
    dkim: wanted.dkim === undefined ? undefined : found([wanted.dkim.text]),
    policyHost: wanted.sts === undefined ? [] : [found(['192.0.2.1']), nodata],
    tlsa: new Map(wanted.tlsa.map(({ name, keys }) => [name, found(keys.map(({ record }) => record))])),
    ...changes,
  };
}

export function tlsa(text: string): TlsaRecord {
  const [usage, selector, matchingType, hex = ''] = text.split(' ');
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    association: Buffer.from(hex, 'hex'),
  };
}
