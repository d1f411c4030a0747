/**
 * What DNS says beside what a domain of ours is to publish, record by record. Pure. A look-up that failed is no missing
 * record, and a policy that is not served everywhere yet is not announced (RFC 8461 §8.1).
 */
import type { Answer, MxRecord } from '#dns/answer.ts';
import { parseKeyTags } from '#mime/dkim-record.ts';
import { destinationText, readTlsReportRecords } from '#reporting/tls-report/record.ts';
import { readStsRecords } from '#tls-policy/mta-sts/record.ts';
import { compareTlsa } from './compare-tlsa.ts';
import { absence, failureText, type ComparedRecord, type RecordState } from './compared-record.ts';
import type { DnsFacts, ServedPolicy } from './facts.ts';
import { policyRecordText } from './policy.ts';
import type { WantedRecords } from './records.ts';
import { whyNotLive } from './served.ts';

import { quotedText } from './zone-text.ts';

type Told = { readonly state: RecordState; readonly reason: string };

const OK: Told = { state: 'ok', reason: '' };

export function compareRecords(
  wanted: WantedRecords,
  found: DnsFacts,
  served: readonly ServedPolicy[],
): readonly ComparedRecord[] {
  return [
    ...compareMx(wanted, found.mx),
    ...comparePolicyHost(wanted, found.policyHost),
    ...compareSts(wanted, found.sts, whyNotLive(wanted, found.policyHost, served)),
    ...compareReports(wanted, found.reports),
    ...compareDkim(wanted, found.dkim),
    ...wanted.tlsa.flatMap((tlsa) => compareTlsa(tlsa, found.tlsa.get(tlsa.name))),
  ];
}

function compareMx({ domain, mx, otherMx }: WantedRecords, answer: Answer<MxRecord>): readonly ComparedRecord[] {
  const row = (host: string, preference: number | undefined, told: Told): ComparedRecord => {
    const content = `${preference ?? 10} ${host === '' ? '' : host}.`;
    return { name: domain, type: 'MX', content, publish: false, ...told };
  };
  const hosts = [...mx, ...otherMx];
  const failure = failureText(answer);
  if (failure !== undefined) return hosts.map((host) => row(host, undefined, { state: 'unknown', reason: failure }));
  const records = answer.kind === 'found' ? answer.records : [];
  const here = hosts.map((host) => {
    const record = records.find(({ exchange }) => exchange === host);
    const missing: Told = { state: 'missing', reason: 'the settings name this host, and mail does not come to it' };
    return row(host, record?.preference, record === undefined ? missing : OK);
  });
  const others = records.filter(({ exchange }) => !hosts.includes(exchange));
  return [...here, ...others.map(({ exchange, preference }) => row(exchange, preference, strangeMx(exchange)))];
}

function strangeMx(exchange: string): Told {
  if (exchange === '') return { state: 'wrong', reason: 'the null MX says that the domain takes no mail (RFC 7505)' };
  return { state: 'extra', reason: 'mail comes here too, and the settings name it neither in mx nor in otherMx' };
}

function comparePolicyHost({ sts }: WantedRecords, answers: readonly Answer<string>[]): readonly ComparedRecord[] {
  if (sts === undefined) return [];
  const addresses = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
  const failures = answers.flatMap((answer) => failureText(answer) ?? []);
  const row = { name: sts.host, type: 'A/AAAA', publish: false };
  if (addresses.length > 0) return [{ ...row, content: addresses.join(', '), ...OK }];
  const [failure] = failures;
  if (failure !== undefined) return [{ ...row, content: '', state: 'unknown', reason: failure }];
  const reason = 'the policy is served here: it needs an address of the HTTPS listener';
  return [{ ...row, content: '', state: 'missing', reason }];
}

function compareSts(
  { domain, sts }: WantedRecords,
  answer: Answer<string>,
  notLive: string,
): readonly ComparedRecord[] {
  const name = `_mta-sts.${domain}`;
  const failure = failureText(answer);
  const texts = answer.kind === 'found' ? answer.records : [];
  const announcements = texts.filter((text) => /^v=STSv1[ \t]*;/.test(text));
  if (sts === undefined) {
    const reason = 'a policy is announced, and the settings have none (mtaSts): senders will not find it';
    return announcements.map((text) => textRow(name, text, { state: 'extra', reason }, false));
  }
  const content = policyRecordText(sts.id);
  if (failure !== undefined) return [textRow(name, content, { state: 'unknown', reason: failure }, notLive === '')];
  const reading = readStsRecords(texts);
  if (reading.kind === 'record' && reading.id === sts.id) {
    // It is announced already: to take it back would not help those who have seen it.
    const reason = `it is announced, but the policy is not there: ${notLive}`;
    return [textRow(name, content, notLive === '' ? OK : { state: 'wrong', reason }, true)];
  }
  // RFC 8461 §8.1: the policy first, its record second. Until then the new id is nobody's business.
  if (notLive !== '') return [textRow(name, announcements[0] ?? '', { state: 'waits', reason: notLive }, false)];
  if (reading.kind === 'record') {
    const reason = `it announces ${reading.id}: senders that have seen that id keep the policy that it came with`;
    return [textRow(name, content, { state: 'wrong', reason }, true)];
  }
  return [textRow(name, content, missingOrWrong(answer, texts, reading.reason, announcements.length > 0), true)];
}

function compareReports({ domain, reports }: WantedRecords, answer: Answer<string>): readonly ComparedRecord[] {
  const name = `_smtp._tls.${domain}`;
  const texts = answer.kind === 'found' ? answer.records : [];
  const wishes = texts.filter((text) => /^v=TLSRPTv1[ \t]*;/.test(text));
  if (reports === undefined) {
    const reason = 'reports are asked for, and the settings name no place for them (tlsReports)';
    return wishes.map((text) => textRow(name, text, { state: 'extra', reason }, false));
  }
  const failure = failureText(answer);
  if (failure !== undefined) return [textRow(name, reports.text, { state: 'unknown', reason: failure }, true)];
  const reading = readTlsReportRecords(texts);
  if (reading.kind === 'none') {
    return [textRow(name, reports.text, missingOrWrong(answer, texts, reading.reason, wishes.length > 0), true)];
  }
  const there = [...reading.destinations.map(destinationText), ...reading.unusable.map(({ uri }) => uri)];
  const isSame = placesIn(reports.text).join() === there.toSorted().join();
  const reason = `reports go to ${there.join(', ') || 'nobody'}`;
  return [textRow(name, reports.text, isSame ? OK : { state: 'wrong', reason }, true)];
}

function placesIn(text: string): readonly string[] {
  const reading = readTlsReportRecords([text]);
  return reading.kind === 'record' ? reading.destinations.map(destinationText).toSorted() : [];
}

function compareDkim({ dkim }: WantedRecords, answer: Answer<string> | undefined): readonly ComparedRecord[] {
  if (dkim === undefined) return [];
  const failure = failureText(answer);
  const row = (told: Told): readonly ComparedRecord[] => [textRow(dkim.name, dkim.text, told, true)];
  if (failure !== undefined) return row({ state: 'unknown', reason: failure });
  const texts = answer?.kind === 'found' ? answer.records : [];
  const [text] = texts;
  if (text === undefined || answer === undefined) return row({ state: 'missing', reason: absence(answer) });
  if (texts.length > 1) return row({ state: 'wrong', reason: `there are ${texts.length} records` });
  const [wanted, found] = [parseKeyTags(dkim.text), parseKeyTags(text)];
  if (unblanked(found.get('p')) !== unblanked(wanted.get('p'))) {
    return row({ state: 'wrong', reason: 'it holds another key: what the relay signs would not be believed' });
  }
  const reason = 'its services (s=) leave tlsrpt out: receivers pass over reports (RFC 8460 §3)';
  return row(isForReports(found.get('s')) ? OK : { state: 'wrong', reason });
}

/** RFC 6376 §3.6.1: without the tag, and with `*`, the key is for everything. */
function isForReports(services = '*'): boolean {
  const each = services.split(':').map((service) => service.trim());
  return each.includes('*') || each.includes('tlsrpt');
}

const unblanked = (text = ''): string => text.replaceAll(/\s+/g, '');

function missingOrWrong(answer: Answer<string>, texts: readonly string[], reason: string, isThere: boolean): Told {
  if (isThere) return { state: 'wrong', reason };
  return { state: 'missing', reason: texts.length > 0 ? reason : absence(answer) };
}

function textRow(name: string, text: string, told: Told, publish: boolean): ComparedRecord {
  return { name, type: 'TXT', content: text === '' ? '' : quotedText(text), publish, ...told };
}
