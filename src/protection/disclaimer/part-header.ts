/** What the header of a part says of its body when that was written anew: charset and transfer encoding. Pure. */
import type { Entity } from '#mime/entity.ts';
import type { Edit } from '#mime/splice.ts';
import { parameterOf } from '#mime/structured-value.ts';

export type BodyDescription = {
  /** `undefined`: as it was. */
  readonly charset: string | undefined;
  readonly encoding: string | undefined;
};

const CRLF_BYTES = 2;

/** Edits of the whole message. */
export function describeBody(message: Buffer, entity: Entity, { charset, encoding }: BodyDescription): readonly Edit[] {
  const edits: Edit[] = [];
  const added: string[] = [];
  if (charset !== undefined) {
    const edit = charsetEdit(message, entity, charset);
    if (edit === undefined) added.push(`Content-Type: ${entity.type}; charset=${charset}\r\n`);
    else edits.push(edit);
  }
  if (encoding !== undefined) {
    const line = `Content-Transfer-Encoding: ${encoding}\r\n`;
    const field = fieldOf(entity, 'content-transfer-encoding');
    if (field === undefined) added.push(line);
    else edits.push({ start: field.start, end: field.end, octets: Buffer.from(line) });
  }
  const changed = edits.length + added.length > 0;
  // Without it nobody needs to look at the other fields (RFC 2045 §4). Parts need none.
  if (changed && entity.start === 0 && fieldOf(entity, 'mime-version') === undefined)
    added.unshift('MIME-Version: 1.0\r\n');
  const at = entity.bodyStart - CRLF_BYTES;
  return added.length === 0 ? edits : [...edits, { start: at, end: at, octets: Buffer.from(added.join('')) }];
}

const fieldOf = ({ fields }: Entity, name: string) => fields.find((field) => field.name.toLowerCase() === name);

function charsetEdit(message: Buffer, entity: Entity, charset: string): Edit | undefined {
  const field = fieldOf(entity, 'content-type');
  const { contentType } = entity;
  if (field === undefined || contentType === undefined) return undefined;
  const valueStart = message.indexOf(0x3a, field.start) + 1;
  const parameter = parameterOf(contentType, 'charset');
  if (parameter !== undefined)
    return { start: valueStart + parameter.start, end: valueStart + parameter.end, octets: Buffer.from(charset) };
  const at = valueStart + contentType.wordEnd;
  return { start: at, end: at, octets: Buffer.from(`;\r\n charset=${charset}`) };
}
