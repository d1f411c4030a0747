/**
 * One part of a message (or the message itself) by its octets: where its header and body stand and what its header says of the body,
 * for whoever changes a part and nothing else. What several readers would understand differently is a defect here, not a guess.
 */
import { endOfHeader, indexHeader, type HeaderField } from './header-index.ts';
import { parameterOf, readStructured, type StructuredValue } from './structured-value.ts';

export type Entity = {
  /** Places in the octets of the whole message. */
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  /** Places within the message too. */
  readonly fields: readonly HeaderField[];
  /** `text/plain`, in lower case. */
  readonly type: string;
  readonly contentType?: StructuredValue | undefined;
  /** In lower case; `7bit` when it says nothing. */
  readonly encoding: string;
  /** It has a name, or says that it is an attachment. */
  readonly isAttachment: boolean;
  /** With its angle brackets. */
  readonly contentId: string;
};

export type EntityDefect = 'no-empty-line' | 'header-too-large' | 'field-twice' | 'type-unreadable';
export type ReadEntity =
  { readonly kind: 'entity'; readonly entity: Entity } | { readonly kind: 'defect'; readonly defect: EntityDefect };

export type Range = { readonly start: number; readonly end: number };

/** Of one part; the header of a message has its own limit at reception. */
const HEADER_LIMIT = 512 * 1024;
const ONCE = new Set(['content-type', 'content-transfer-encoding', 'content-disposition']);
const TYPE = /^[^\s/]+\/[^\s/]+$/;

export function readEntity(message: Buffer, { start, end }: Range, defaultType: string): ReadEntity {
  const octets = message.subarray(start, end);
  const headerLength = endOfHeader(octets);
  if (!endsWithEmptyLine(octets.subarray(0, headerLength))) return defect('no-empty-line');
  if (headerLength > HEADER_LIMIT) return defect('header-too-large');
  const fields = indexHeader(octets.subarray(0, headerLength)).map((field) => ({
    ...field,
    start: start + field.start,
    end: start + field.end,
  }));
  const names = fields.map(({ name }) => name.toLowerCase()).filter((name) => ONCE.has(name));
  if (new Set(names).size < names.length) return defect('field-twice');
  const contentType = structured(fields, 'content-type');
  const type = contentType?.word ?? defaultType;
  if (!TYPE.test(type)) return defect('type-unreadable');
  const entity: Entity = {
    start,
    bodyStart: start + headerLength,
    end,
    fields,
    type,
    contentType,
    encoding: structured(fields, 'content-transfer-encoding')?.word ?? '7bit',
    isAttachment: isAttachment(contentType, structured(fields, 'content-disposition')),
    contentId: rawField(fields, 'content-id')?.trim() ?? '',
  };
  return { kind: 'entity', entity };
}

/** The boundary of a multipart (RFC 2046 §5.1.1); `''` when it has none that every reader takes for it. */
export function boundaryOf({ contentType }: Entity): string {
  const parameter = contentType === undefined ? undefined : parameterOf(contentType, 'boundary');
  return parameter?.value.trimEnd() ?? '';
}

const defect = (found: EntityDefect): ReadEntity => ({ kind: 'defect', defect: found });

function rawField(fields: readonly HeaderField[], name: string): string | undefined {
  return fields.find((field) => field.name.toLowerCase() === name)?.rawValue;
}

function structured(fields: readonly HeaderField[], name: string): StructuredValue | undefined {
  const rawValue = rawField(fields, name);
  return rawValue === undefined ? undefined : readStructured(rawValue);
}

const isAttachment = (contentType: StructuredValue | undefined, disposition: StructuredValue | undefined): boolean =>
  disposition?.word === 'attachment' || hasName(disposition, 'filename') || hasName(contentType, 'name');

/** Also in the pieces of RFC 2231 §3. */
function hasName(value: StructuredValue | undefined, parameter: string): boolean {
  return value?.parameters.some(({ name }) => name === parameter || name.startsWith(`${parameter}*`)) ?? false;
}

function endsWithEmptyLine(header: Buffer): boolean {
  const end = header.subarray(-4).toString('latin1');
  return end === '\r\n\r\n' || (header.length === 2 && end === '\r\n');
}
