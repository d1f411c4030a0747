/**
 * What a file is by its octets: the only door of file-type. What we have readers for is told apart here, since readers of others find it where that
 * package does not look (a PDF behind some garbage, a text in UTF-16). Names and declared types are claims, and asked only about texts.
 */
import { fileTypeFromBuffer } from 'file-type';

import { decodeText } from '#mime/charset.ts';
import { executableType } from './executable.ts';

/** The first octets, as characters; at some place when it is not the beginning. */
type Signature = { readonly type: string; readonly start: string; readonly at?: number };

const SIGNATURES: readonly Signature[] = [
  { type: 'application/zip', start: 'PK\u0003\u0004' },
  { type: 'application/zip', start: 'PK\u0005\u0006' },
  { type: 'application/zip', start: 'PK\u0007\u0008PK' },
  { type: 'application/x-cfb', start: '\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1' },
  { type: 'application/rtf', start: '{\\rt' },
  { type: 'application/gzip', start: '\u001f\u008b' },
  { type: 'application/x-bzip2', start: 'BZh' },
  { type: 'application/x-xz', start: '\u00fd7zXZ\0' },
  { type: 'application/zstd', start: '\u0028\u00b5\u002f\u00fd' },
  { type: 'application/x-compress', start: '\u001f\u009d' },
  { type: 'application/x-7z-compressed', start: '7z\u00bc\u00af\u0027\u001c' },
  { type: 'application/vnd.rar', start: 'Rar!\u001a\u0007' },
  { type: 'application/vnd.ms-cab-compressed', start: 'MSCF\0\0\0\0' },
  { type: 'application/x-tar', start: 'ustar', at: 257 },
  { type: 'application/vnd.ms-tnef', start: '\u0078\u009f\u003e\u0022' },
  { type: 'application/x-microsoft-rpmsg-message', start: '\u0076\u00e8\u0004\u0060\u00c4\u0011\u00e3\u0086' },
  { type: 'application/onenote', start: '\u00e4\u0052\u005c\u007b\u008c\u00d8\u00a7\u004d' },
  { type: 'application/x-java-class', start: '\u00ca\u00fe\u00ba\u00be\0\0\0' },
];

/** Octets that are looked at; nothing we tell apart has its mark further behind. */
const SAMPLE_BYTES = 8192;
/** ISO 32000-1 Annex H: readers look for the mark within so many octets. */
const PDF_MARK_WITHIN = 1024;

/** `undefined` when the octets tell nothing. */
export async function trueType(octets: Uint8Array): Promise<string | undefined> {
  const start = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.length, SAMPLE_BYTES));
  const signs = start.toString('latin1');
  const program = executableType(octets);
  if (program !== undefined) return program;
  const known = SIGNATURES.find(({ start: mark, at = 0 }) => signs.startsWith(mark, at));
  if (known !== undefined) return known.type;
  if (signs.slice(0, PDF_MARK_WITHIN).includes('%PDF-')) return 'application/pdf';
  return textType(start) ?? (await otherType(start));
}

// oxlint-disable-next-line no-control-regex -- white space and the escapes of ISO-2022 stand in texts
const CONTROLS = /(?![\t-\r\u001b])\p{Cc}/gu;
const HTML = /^<(?:!doctype\s+html|html|head|body|script|table|div)\b/i;
const XML = /^<(?:\?xml|!DOCTYPE)\b/i;

/** Text has hardly any controls in it, and no zeros but those of UTF-16. */
function textType(start: Buffer): string | undefined {
  const { text } = decodeText(start, '');
  const controls = text.match(CONTROLS)?.length ?? 0;
  if (controls * 100 > text.length || (start.includes(0) && text.includes('\0'))) return undefined;
  const [declaration, content] = [behindComments(text), behindComments(behindDeclaration(text))];
  if (HTML.test(content)) return 'text/html';
  return XML.test(declaration) ? 'application/xml' : 'text/plain';
}

/** What is no tag yet. */
function behindComments(text: string): string {
  let at = text.search(/\S/);
  while (at !== -1 && text.startsWith('<!--', at)) {
    const end = text.indexOf('-->', at);
    if (end === -1) return '';
    at = end + 3;
    while (/\s/.test(text.charAt(at))) at += 1;
  }
  return at === -1 ? '' : text.slice(at);
}

function behindDeclaration(text: string): string {
  const start = behindComments(text);
  return start.startsWith('<?') ? start.slice(start.indexOf('>') + 1) : start;
}

async function otherType(start: Buffer): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(start))?.mime;
  } catch {
    // It gives up where a file ends before what its beginning promises.
    return undefined;
  }
}
