/**
 * What lies in compound files: documents of Word, Excel and PowerPoint as they were until 2007, documents of today that a password shut, items of Outlook,
 * and files embedded in any of these. Other programs keep theirs in such files too; these are not read.
 */
import { untilLimit, type Budget } from './budget.ts';
import { readCompoundFile, type CompoundStream } from './compound-file.ts';
import {
  documentContents,
  encrypted,
  failed,
  unsupported,
  type Contents,
  type Member,
  type Source,
} from './contents.ts';
import { FlatText } from './flat-text.ts';
import { readExcelText } from './excel-text.ts';
import { embeddedFile } from './ole-package.ts';
import { readOutlookItem } from './outlook-item.ts';
import { isPowerPointEncrypted, readPowerPointText } from './powerpoint-text.ts';
import type { Properties } from './properties.ts';
import { readPropertySets } from './property-set.ts';
import { readWordText } from './word-text.ts';

/** By the stream that only one program has. */
const TYPES: readonly (readonly [stream: string, type: string])[] = [
  ['WordDocument', 'application/msword'],
  ['Workbook', 'application/vnd.ms-excel'],
  ['Book', 'application/vnd.ms-excel'],
  ['PowerPoint Document', 'application/vnd.ms-powerpoint'],
  ['VisioDocument', 'application/vnd.visio'],
  ['Quill', 'application/x-mspublisher'],
  ['__properties_version1.0', 'application/vnd.ms-outlook'],
];
const WITH_TEXT = new Set(['application/msword', 'application/vnd.ms-excel', 'application/vnd.ms-powerpoint']);
/** MS-OFFCRYPTO 2.3.2 and, for what rights management keeps shut, 2.2.3. */
const SHUT = new Set(['EncryptedPackage', '\tDRMContent', 'EncryptedSummary']);
const PROPERTY_SETS = new Set(['\u0005SummaryInformation', '\u0005DocumentSummaryInformation']);

export function readLegacyOffice(source: Source): Contents {
  const { octets, budget } = source;
  const streams = readCompoundFile(octets, budget);
  if (streams === undefined) return failed('it is a damaged compound file');
  const type = TYPES.find(([stream]) => streams.some(({ name, storage }) => storage === '' && name === stream))?.[1];
  const properties = propertiesOf(streams);
  if (streams.some(({ name }) => SHUT.has(name))) return encrypted({ properties, type });
  if (type === 'application/vnd.ms-outlook') return readOutlookItem(streams, source);
  const members = streams.flatMap((stream): Member[] => memberOf(stream));
  // What is embedded in it may be of another program.
  const hasText = streams.some(({ name }) => TYPES.some(([known, of]) => known === name && WITH_TEXT.has(of)));
  if (!hasText) return unsupported('a compound file of another program', { properties, members, type });
  return { ...readTexts(streams, budget, { properties, members, type }) };
}

function readTexts(streams: readonly CompoundStream[], budget: Budget, known: Partial<Contents>): Contents {
  const out = new FlatText(budget.limits.textCharacters);
  let shut = false;
  let damage: string | undefined;
  const limit = untilLimit(() => {
    for (const stream of streams) {
      budget.tick();
      out.endLine();
      const result = readText(stream, { streams, out, budget });
      if (result === 'encrypted') shut = true;
      if (result === 'damaged') damage = 'it is a damaged document';
    }
  });
  return documentContents(out, known, { shut, damage, limit });
}

export type TextTarget = {
  readonly streams: readonly CompoundStream[];
  readonly out: FlatText;
  readonly budget: Budget;
};

/** What a reader of one stream came to. */
export type TextResult = 'read' | 'encrypted' | 'damaged';

function readText(stream: CompoundStream, target: TextTarget): TextResult {
  const { out, budget, streams } = target;
  switch (stream.name) {
    case 'WordDocument':
      return readWordText(stream, target);
    case 'Workbook':
    case 'Book':
      return readExcelText(stream.read(), out, budget);
    case 'PowerPoint Document':
      if (streams.some(isPowerPointEncrypted)) return 'encrypted';
      return readPowerPointText(stream.read(), out, budget);
    default:
      return 'read';
  }
}

function propertiesOf(streams: readonly CompoundStream[]): Properties {
  const sets = streams.filter(({ name, storage }) => storage === '' && PROPERTY_SETS.has(name));
  return Object.assign({}, ...sets.map((stream) => readPropertySets(stream.read())));
}

function memberOf(stream: CompoundStream): Member[] {
  const { name, storage, read } = stream;
  if (name === '\u0001Ole10Native') {
    const file = embeddedFile(read());
    return [{ path: file.name, open: () => ({ kind: 'open', octets: file.octets }) }];
  }
  // A document of today within one of then, and what else Office puts there whole.
  if (name !== 'Package' && (name !== 'CONTENTS' || storage === '')) return [];
  return [{ path: '', open: () => ({ kind: 'open', octets: read() }) }];
}
