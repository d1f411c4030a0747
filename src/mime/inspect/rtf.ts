/**
 * RTF documents (Rich Text Format 1.9.1): text, properties, objects within. Read as one sequence of groups, words and letters; words that are not known say nothing
 * about the text.
 */
import { untilLimit, type Budget } from './budget.ts';
import { documentContents, type Contents, type Ending, type Member, type Source } from './contents.ts';
import { FlatText } from './flat-text.ts';
import { embeddedFile } from './ole-package.ts';
import { asProperties } from './properties.ts';
import { RtfText } from './rtf-text.ts';

/** Braces, words, signs, escaped octets, and what stands between. */
const TOKEN = /[{}]|\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^])|[^\\{}\r\n]+|[\r\n]+/g;
const DEEPEST = 1000;
/** What stands in these is not shown. `objdata` is a file. */
const HIDDEN = new Set(
  'fonttbl colortbl stylesheet sp listtable listoverridetable rsidtbl generator pict themedata colorschememapping latentstyles datastore xmlnstbl filetbl revtbl'.split(
    ' ',
  ),
);
/** Also where a star says that old readers do not know them. */
const SHOWN = new Set('fldinst shpinst shptxt footnote annotation ud'.split(' '));
const CHARSET_WORDS = new Set(['ansicpg', 'fcharset', 'f']);
const PROPERTIES: ReadonlyMap<string, string> = new Map([
  ['title', 'Title'],
  ['subject', 'Subject'],
  ['author', 'Author'],
  ['keywords', 'Keywords'],
  ['doccomm', 'Comments'],
  ['company', 'Company'],
  ['category', 'Category'],
  ['manager', 'Manager'],
  ['operator', 'Last author'],
  ['propname', ''],
  ['staticval', ''],
]);

export function readRtf({ octets, budget }: Source): Contents {
  const out = new FlatText(budget.limits.textCharacters);
  const reader = new RtfReader(out, budget);
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
  let damage: string | undefined;
  const limit = untilLimit(() => {
    damage = reader.read(text);
  });
  return documentContents(out, reader.found(), { shut: false, damage, limit } satisfies Ending);
}

type Group = {
  /** `''` for what is shown. */
  destination: string;
  codePage: string;
  /** Letters to pass over behind one written by its number. */
  fallback: number;
};

class RtfReader {
  readonly #out: FlatText;
  readonly #budget: Budget;
  readonly #groups: Group[] = [];
  readonly #text: RtfText;
  readonly #properties = new Map<string, string>();
  readonly #members: Member[] = [];
  #group: Group = { destination: '', codePage: 'windows-1252', fallback: 1 };
  /** Of the destination that is neither shown nor hidden. */
  #kept = '';
  #propertyName = '';
  #starred = false;

  constructor(out: FlatText, budget: Budget) {
    this.#out = out;
    this.#budget = budget;
    this.#text = new RtfText((text) => this.#put(text));
  }

  found(): Partial<Contents> {
    return { properties: asProperties(this.#properties), members: this.#members };
  }

  /** Returns what is wrong with it. */
  read(text: string): string | undefined {
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(text); match !== null && !this.#out.full; match = TOKEN.exec(text)) {
      this.#budget.tick();
      const [token, word, number = ''] = match;
      if (word === 'bin') TOKEN.lastIndex += this.#binary(text, TOKEN.lastIndex, Math.max(0, Number(number)));
      else if (word === undefined) this.#other(token, match);
      else this.#word(word, number === '' ? undefined : Number(number));
      if (this.#groups.length > DEEPEST) return `groups within more than ${DEEPEST} others`;
    }
    this.#text.flush();
    return undefined;
  }

  /** What follows are so many octets of something else, and may be a file. */
  #binary(text: string, start: number, length: number): number {
    this.#text.flush();
    if (this.#group.destination === 'objdata')
      this.#kept += Buffer.from(text.slice(start, start + length), 'latin1').toString('hex');
    return length;
  }

  #other(token: string, [, , , octet, sign]: RegExpExecArray): void {
    if (octet !== undefined) this.#text.octet(Number.parseInt(octet, 16));
    else if (sign !== undefined) this.#sign(sign);
    else if (token === '{') this.#open();
    else if (token === '}') this.#close();
    else if (!/^[\r\n]/.test(token)) this.#text.letters(token);
  }

  #open(): void {
    this.#text.flush();
    this.#groups.push({ ...this.#group });
    this.#starred = false;
  }

  #close(): void {
    this.#text.flush();
    const { destination } = this.#group;
    this.#group = this.#groups.pop() ?? this.#group;
    this.#text.charset = this.#group.codePage;
    this.#text.fallback = this.#group.fallback;
    if (destination !== '' && destination !== this.#group.destination) this.#end(destination);
  }

  #word(word: string, number: number | undefined): void {
    if (word === 'u' && number !== undefined) {
      this.#text.unicode(number);
      return;
    }
    this.#text.flush();
    if (word === 'uc') this.#group.fallback = number ?? 1;
    else if (CHARSET_WORDS.has(word)) this.#charset(word, number ?? 0);
    else this.#destination(word);
    this.#starred = false;
    this.#text.charset = this.#group.codePage;
    this.#text.fallback = this.#group.fallback;
  }

  #destination(word: string): void {
    if (word === 'objdata' || PROPERTIES.has(word)) this.#begin(word);
    else if (HIDDEN.has(word) || (this.#starred && !SHOWN.has(word))) this.#begin('hidden');
    else if (this.#group.destination === '') this.#spacing(word);
  }

  #charset(word: string, number: number): void {
    if (word === 'f' && this.#group.destination !== '') this.#text.defineFont(number);
    else if (word === 'fcharset') this.#text.defineCharset(number);
    else this.#group.codePage = word === 'f' ? this.#text.charsetOfFont(number) : this.#text.setDefault(number);
  }

  #begin(destination: string): void {
    this.#group.destination = destination;
    this.#kept = '';
  }

  #spacing(word: string): void {
    if (LINES.has(word)) this.#out.endLine();
    else if (word === 'tab' || word === 'cell' || word === 'nestcell') this.#out.tab();
    else if (word === 'fldinst' || word === 'fldrslt' || word === 'ud') this.#out.space();
    else if (word in SIGNS) this.#put(SIGNS[word] ?? '');
  }

  #sign(sign: string): void {
    if (sign === '*') this.#starred = true;
    else if (sign === '~') this.#text.letters(' ');
    else if (sign === '_') this.#text.letters('-');
    else if (sign === '\\' || sign === '{' || sign === '}') this.#text.letters(sign);
    else if (sign === '\n' || sign === '\r') this.#word('par', undefined);
  }

  #put(text: string): void {
    const { destination } = this.#group;
    if (destination === '') this.#out.write(text);
    else if (destination !== 'hidden') this.#kept += text;
  }

  #end(destination: string): void {
    const kept = this.#kept.trim();
    this.#kept = '';
    if (destination === 'objdata') this.#object(kept);
    else if (destination === 'propname') this.#propertyName = kept;
    else if (destination === 'staticval') this.#properties.set(this.#propertyName, kept);
    else if (kept !== '') this.#properties.set(PROPERTIES.get(destination) ?? destination, kept);
  }

  /** MS-OLEDS 2.2.5: a version, a kind, three names, and the file. */
  #object(digits: string): void {
    const octets = Buffer.from(digits.replaceAll(/[^0-9a-fA-F]/g, ''), 'hex');
    let at = 8;
    for (let name = 0; name < 3 && at + 4 <= octets.length; name += 1) at += 4 + octets.readUInt32LE(at);
    const className = octets.toString('latin1', 12, 40).split('\0', 1)[0] ?? '';
    // In front of the file stands its size.
    const isPackage = /^package$/i.test(className);
    const file = isPackage ? embeddedFile(octets.subarray(at)) : { name: '', octets: octets.subarray(at + 4) };
    this.#members.push({ path: file.name, open: () => ({ kind: 'open', octets: file.octets }) });
  }
}

const LINES = new Set('par line sect page row nestrow column softline softpage'.split(' '));
const SIGNS: Readonly<Record<string, string>> = {
  emdash: '-',
  endash: '-',
  bullet: '* ',
  lquote: "'",
  rquote: "'",
  ldblquote: '"',
  rdblquote: '"',
};
