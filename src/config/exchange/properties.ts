/** What every rule of Exchange says about itself beside conditions and actions: as properties of a rule document. */
import type { ValueReading } from './from-exchange.ts';
import { Expression } from './power-shell.ts';
import { textOf } from './plain-value.ts';

type PropertyReading = { readonly name: string; readonly reading: ValueReading };

const WORDS: { readonly [property: string]: readonly [name: string, words: readonly string[]] } = {
  mode: ['mode', ['enforce', 'audit', 'auditAndNotify']],
  ruleerroraction: ['ruleErrorAction', ['ignore', 'defer']],
  senderaddresslocation: ['senderAddressLocation', ['header', 'envelope', 'headerOrEnvelope']],
  recipientaddresstype: ['recipientAddressType', ['resolved', 'original']],
  setauditseverity: ['setAuditSeverity', ['doNotAudit', 'low', 'medium', 'high']],
};
const FLAGS: { readonly [property: string]: string } = { enabled: 'enabled', stopruleprocessing: 'stopRuleProcessing' };
const DATES: { readonly [property: string]: string } = { activationdate: 'activationDate', expirydate: 'expiryDate' };

/** `key` in lower case; `undefined` for what is no property. */
export function readProperty(key: string, value: unknown): PropertyReading | undefined {
  if (key === 'name' || key === 'comments') return { name: key, reading: readText(value) };
  if (key === 'state') return { name: 'enabled', reading: readState(value) };
  const [word, flag, date] = [WORDS[key], FLAGS[key], DATES[key]];
  if (word !== undefined) return { name: word[0], reading: readWord(value, word[1]) };
  if (flag !== undefined) return { name: flag, reading: readFlag(value) };
  return date === undefined ? undefined : { name: date, reading: readDate(value) };
}

const LEFT_OUT: ValueReading = { value: undefined };

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
}

function readText(value: unknown): ValueReading {
  if (isEmpty(value)) return LEFT_OUT;
  const text = value instanceof Expression ? undefined : textOf(value);
  return text === undefined ? { wrong: 'holds no text' } : { value: text.trim() };
}

function readWord(value: unknown, words: readonly string[]): ValueReading {
  if (isEmpty(value)) return LEFT_OUT;
  const text = textOf(value);
  // Exchange's numbers of words are nowhere told.
  if (text === undefined || typeof value === 'number') return { wrong: `must be one of ${words.join(', ')}` };
  return { value: words.find((known) => known.toLowerCase() === text.trim().toLowerCase()) ?? text };
}

function readFlag(value: unknown): ValueReading {
  if (isEmpty(value)) return LEFT_OUT;
  if (/^true$/i.test(String(value))) return { value: true };
  return /^false$/i.test(String(value)) ? { value: false } : { wrong: 'must be true or false' };
}

function readState(value: unknown): ValueReading {
  if (isEmpty(value) || /^enabled$/i.test(String(value))) return LEFT_OUT;
  return /^disabled$/i.test(String(value)) ? { value: false } : { wrong: 'must be Enabled or Disabled' };
}

const NO_DATE = 'is no date that can be told, such as 2027-01-31T12:00:00Z or 1/31/2027 12:00:00 PM';

/** ISO 8601, `/Date(1767225600000)/` of older PowerShell, or the form of the United States, which is taken for UTC. */
function readDate(value: unknown): ValueReading {
  if (isEmpty(value)) return LEFT_OUT;
  const text = (value instanceof Expression ? undefined : textOf(value))?.trim();
  if (text === undefined) return { wrong: NO_DATE };
  const [, milliseconds] = /^\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\/$/.exec(text) ?? [];
  const date = milliseconds === undefined ? dateOf(text) : new Date(Number(milliseconds));
  if (date === undefined || Number.isNaN(date.getTime())) return { wrong: NO_DATE };
  return { value: date.toISOString() };
}

function dateOf(text: string): Date | undefined {
  // Seconds may have seven digits behind the point.
  const [, day, time = '', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d{0,4}(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  if (day === undefined) return dateOfTheStates(text);
  return time === '' ? new Date(day) : new Date(`${day}T${time}${zone}`);
}

function dateOfTheStates(text: string): Date | undefined {
  const [, month, date, year, hour = '12', minute = '00', second = '00', half = 'AM'] =
    /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d\d)(?::(\d\d))? ([AP]M))?$/i.exec(text) ?? [];
  if (month === undefined) return undefined;
  const hours = (Number(hour) % 12) + (/^p/i.test(half) ? 12 : 0);
  return new Date(`${year}-${twoDigits(month)}-${twoDigits(date)}T${twoDigits(hours)}:${minute}:${second}Z`);
}

const twoDigits = (part: string | number | undefined): string => String(part).padStart(2, '0');
