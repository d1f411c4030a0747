/**
 * Of which kinds a message is, as MessageTypeMatches of Exchange asks: by its header fields, the types of its parts, and what stands for
 * encryption or a signature in its text. Nothing is decrypted or verified.
 */
import { readValue } from '#mime/header.ts';
import type { InspectedKinds } from '#mime/inspection.ts';
import { valuesOf } from '#mime/parameters.ts';
import type { MessageContents, SeenPart } from './message.ts';

export function kindsOf(message: MessageContents): InspectedKinds {
  const header = new KnownFields(message);
  return {
    oof: isOutOfOffice(header),
    autoForward: isAutoForward(header),
    encrypted: isEncryptedMessage(message),
    calendaring: isCalendaring(header, message),
    permissionControlled: isPermissionControlled(header, message),
    voicemail: isVoicemail(header, message),
    signed: whole(message).some(isSigned) || firstTextOf(message).startsWith('-----BEGIN PGP SIGNED MESSAGE-----'),
    approvalRequest: APPROVAL_FIELDS.some((name) => header.has(name)),
    readReceipt: whole(message).some(isReadReceipt),
  };
}

/** Exchange asks for a decision with these. */
const APPROVAL_FIELDS = [
  'x-ms-exchange-organization-approval-initiator',
  'x-ms-exchange-organization-approval-allowed-decision-makers',
];

class KnownFields {
  readonly #values = new Map<string, string[]>();

  constructor({ header }: MessageContents) {
    for (const { name, rawValue } of header) {
      const key = name.toLowerCase();
      const values = this.#values.get(key);
      if (values === undefined) this.#values.set(key, [rawValue]);
      else values.push(rawValue);
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  is(name: string, pattern: RegExp): boolean {
    return this.#values.get(name)?.some((rawValue) => pattern.test(readValue(rawValue))) === true;
  }
}

/** RFC 3834 §5; the others are older, and still written. */
const isOutOfOffice = (header: KnownFields): boolean =>
  header.is('auto-submitted', /^auto-replied/i) ||
  header.has('x-autoreply') ||
  header.is('precedence', /^auto_reply/i) ||
  header.is('x-ms-exchange-generated-message-source', /^oof|out of office/i);

/** RFC 2156 §5.3.6; the last is what a mailbox's own rules put in. */
const isAutoForward = (header: KnownFields): boolean =>
  header.is('auto-submitted', /^auto-forwarded/i) ||
  header.is('autoforwarded', /^true/i) ||
  header.has('x-ms-exchange-inbox-rules-loop');

const isEncryptedMessage = (message: MessageContents): boolean =>
  whole(message).some(isEncrypted) ||
  // Lists put a multipart around it.
  (message.texts.length === 0 && message.parts.some(isEncrypted)) ||
  firstTextOf(message).startsWith('-----BEGIN PGP MESSAGE-----');

const isCalendaring = (header: KnownFields, { parts }: MessageContents): boolean =>
  parts.some(({ type }) => type.value === 'text/calendar') ||
  header.is('content-class', /^urn:content-classes:(?:calendarmessage|appointment)/i);

const isPermissionControlled = (header: KnownFields, { parts, files }: MessageContents): boolean =>
  header.is('content-class', /^rpmsg\.message/i) ||
  parts.some(({ type }) => /^application\/x-microsoft-rpmsg(?:-message)?$/.test(type.value)) ||
  files.some(({ names }) => names.some((name) => /^message(?:_v\d+)?\.rpmsg$/i.test(name)));

/** RFC 3458 §3 and RFC 3801 §4.1. */
const isVoicemail = (header: KnownFields, message: MessageContents): boolean =>
  header.is('content-class', /^(?:urn:content-classes:)?voice/i) ||
  header.is('message-context', /^voice-message/i) ||
  whole(message).some(({ type }) => type.value === 'multipart/voice-message');

const isEncrypted = ({ type, cms }: SeenPart): boolean =>
  type.value === 'multipart/encrypted' || cms === 'encrypted' || /^(?:auth)?enveloped-data$/.test(smimeType(type));

const isSigned = ({ type, cms }: SeenPart): boolean =>
  type.value === 'multipart/signed' || cms === 'signed' || smimeType(type) === 'signed-data';

/** RFC 8551 §3.2.2; also for objects that could not be read. */
const smimeType = (type: SeenPart['type']): string => valuesOf(type, 'smime-type')[0]?.toLowerCase() ?? '';

/** RFC 8098 §3. */
const isReadReceipt = ({ type }: SeenPart): boolean =>
  type.value === 'multipart/report' &&
  valuesOf(type, 'report-type').some((value) => value.toLowerCase() === 'disposition-notification');

const whole = ({ parts }: MessageContents): readonly SeenPart[] => parts.filter(({ level }) => level === 0);

const firstTextOf = ({ texts }: MessageContents): string =>
  texts.find(({ kind }) => kind === 'plain')?.text.trimStart() ?? '';
