/** TLSA records beside the keys of one host of ours. Pure. One that stands there and is no key of ours may do harm or none. */
import type { Answer, TlsaRecord } from '#dns/answer.ts';
import { assessRecords, recordText } from '#tls-policy/dane/records.ts';
import { absence, failureText, type ComparedRecord } from './compared-record.ts';
import type { HostKey, WantedTlsa } from './records.ts';

/** As senders have them by default. */
export const DIGESTS = ['sha512', 'sha256'] as const;

export function compareTlsa(
  { name, keys }: WantedTlsa,
  answer: Answer<TlsaRecord> | undefined,
): readonly ComparedRecord[] {
  const failure = failureText(answer);
  const records = answer?.kind === 'found' ? answer.records : [];
  const isSecure = answer?.kind === 'found' && answer.secure;
  const outdone = assessRecords(records, DIGESTS)
    .filter(({ usable }) => !usable)
    .map(({ record, reason }) => ({ text: recordText(record), reason }));
  const ours = keys.map((key): ComparedRecord => {
    const content = recordText(key.record);
    const row = { name, type: 'TLSA', content, about: keyWords(key), publish: true };
    if (failure !== undefined) return { ...row, state: 'unknown', reason: failure };
    if (!records.some((record) => recordText(record) === content)) {
      return { ...row, state: 'missing', reason: `${absence(answer)} for ${keyWords(key)}` };
    }
    if (!isSecure) return { ...row, state: 'wrong', reason: 'useless: the zone is not signed, or not validated here' };
    const useless = outdone.find(({ text }) => text === content);
    if (useless !== undefined) return { ...row, state: 'wrong', reason: `it counts for nothing: ${useless.reason}` };
    return { ...row, state: 'ok', reason: keyWords(key) };
  });
  const wanted = new Set(ours.map(({ content }) => content));
  const others = records.map(recordText).filter((content) => !wanted.has(content));
  return [...ours, ...others.map((content) => extraRow(name, content))];
}

export const keyWords = ({ use, kind, certFile }: HostKey): string => `the ${use} key (${kind}) of ${certFile}`;

function extraRow(name: string, content: string): ComparedRecord {
  const reason = 'no key of ours in this form: one that has gone, or the key of another machine of this name';
  return { name, type: 'TLSA', content, publish: false, state: 'extra', reason };
}
