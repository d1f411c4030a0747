/** Messages as Outlook keeps them in files (MS-OXMSG): subject, text, and what is attached. */
import { visible } from '#mime/visible.ts';
import type { CompoundStream } from './compound-file.ts';
import { CUT, contents, type Contents, type Member, type Source } from './contents.ts';
import { fileName } from './file-name.ts';
import { textOfHtml } from './html-text.ts';
import { decodeText } from '#mime/charset.ts';

/** MS-OXPROPS: the numbers that streams are named by, with the type of the value behind. */
const SUBJECT = '0037';
const BODY = '1000';
const HTML = '1013';
const ATTACHED_OCTETS = '37010102';
const ATTACHED_NAMES = ['3707', '3704', '3001'];
const ATTACHMENT = /^__attach_version1\.0_#[\da-f]{8}\/$/i;

export function readOutlookItem(streams: readonly CompoundStream[], { budget }: Source): Contents {
  const item = new Item(streams, '');
  const html = item.octets(`${HTML}0102`);
  const htmlText = html === undefined ? (item.text(HTML) ?? '') : decodeText(html, '').text;
  const shown = [item.text(SUBJECT), item.text(BODY), textOfHtml(htmlText, budget).text];
  const text = visible(shown.filter((one) => one !== undefined && one !== '').join('\n'));
  const known = { type: 'application/vnd.ms-outlook', text: text.slice(0, budget.limits.textCharacters) };
  const storages = new Set(streams.map(({ storage }) => storage).filter((storage) => ATTACHMENT.test(storage)));
  const members = [...storages].map((storage) => memberOf(new Item(streams, storage)));
  // Some items have their text only in a form that is not read.
  if (text.length > known.text.length) return contents({ ...known, members, state: 'limit', reason: CUT });
  const isRead = item.text(BODY) !== undefined || htmlText !== '' || item.octets('10090102') === undefined;
  return isRead
    ? contents({ ...known, members, state: 'text' })
    : contents({ ...known, members, state: 'unsupported', reason: 'its text is kept in a form that is not read' });
}

class Item {
  readonly #streams: ReadonlyMap<string, CompoundStream>;

  constructor(streams: readonly CompoundStream[], storage: string) {
    const own = streams.filter((stream) => stream.storage === storage);
    this.#streams = new Map(own.map((stream) => [stream.name.toLowerCase(), stream]));
  }

  octets(property: string): Buffer | undefined {
    return this.#streams.get(`__substg1.0_${property}`)?.read();
  }

  text(property: string): string | undefined {
    const wide = this.octets(`${property}001f`);
    const narrow = this.octets(`${property}001e`);
    return wide?.toString('utf16le') ?? (narrow && decodeText(narrow, '').text);
  }
}

function memberOf(item: Item): Member {
  const name = ATTACHED_NAMES.map((property) => item.text(property)).find((text) => text !== undefined) ?? '';
  const octets = item.octets(ATTACHED_OCTETS);
  return {
    path: fileName(name.replaceAll('\0', '')),
    open: () =>
      octets === undefined
        ? { kind: 'shut', state: 'unsupported', reason: 'an item of Outlook within another', sizeBytes: 0 }
        : { kind: 'open', octets },
  };
}
