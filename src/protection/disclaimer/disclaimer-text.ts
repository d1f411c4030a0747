/**
 * The text of a disclaimer for one message: what its tokens stand for is put in, and it is made both HTML and plain text. Nothing that
 * the directory says of the sender becomes markup. Pure.
 */
import { escapeHtml, wrapLine } from '#mime/blocks.ts';
import { readableText } from '#mime/readable-html.ts';
import type { Person } from '#rules/people.ts';
import { DIRECTORY_ATTRIBUTES, type DirectoryAttribute } from '#rules/values.ts';

export type DisclaimerText = {
  /** In US-ASCII, whatever charset it will stand in; lines end in CRLF. */
  readonly html: string;
  /** Lines end in CRLF, the last one too. */
  readonly plain: string;
};

const TOKEN = /%%([A-Za-z0-9]{1,30})%%/g;
const VALUE_LIMIT = 1000;
const LINE = 76;
/** All but tab and line end. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

const ATTRIBUTES: ReadonlyMap<string, DirectoryAttribute> = new Map(
  DIRECTORY_ATTRIBUTES.map((attribute) => [attribute.toLowerCase(), attribute]),
);

/** `html` as the rule has it; a token of somebody whom the directory does not know stands for nothing, as in Exchange. */
export function disclaimerText(html: string, sender: Person | undefined): DisclaimerText {
  const filled = html
    .toWellFormed()
    .replaceAll(TOKEN, (token, name: string) => {
      const attribute = ATTRIBUTES.get(name.toLowerCase());
      return attribute === undefined ? token : escapeHtml(valueOf(attribute, sender));
    })
    .replaceAll(/\r\n?|\n/g, '\n')
    .replaceAll(CONTROLS, '');
  return {
    html: inAscii(filled).replaceAll('\n', '\r\n'),
    plain: plainOf(filled),
  };
}

function plainOf(html: string): string {
  const lines = readableText(html).split('\n');
  return lines.map((line) => `${wrapLine(line, LINE).replaceAll('\n', '\r\n')}\r\n`).join('');
}

function valueOf(attribute: DirectoryAttribute, sender: Person | undefined): string {
  const value = sender?.attributes[attribute] ?? (attribute === 'email' ? sender?.address : undefined);
  return (value ?? '').slice(0, VALUE_LIMIT).toWellFormed();
}

/** A character reference is the same character in every charset. */
const inAscii = (html: string): string =>
  // oxlint-disable-next-line no-control-regex -- the range is US-ASCII as such
  html.replaceAll(/[^\x00-\x7f]/gu, (character) => `&#${character.codePointAt(0)};`);
