/**
 * `postern sit test`: what of sensitive information is found in a text or a message, as the relay would find it. Values are masked, so
 * that the output can be shown around.
 */
import type { Command } from 'commander';

import { decodeText } from '#mime/charset.ts';
import { readHeader } from '#mime/header.ts';
import { inspect } from '#mime/inspect.ts';
import type { Inspection } from '#mime/inspection.ts';
import { itemsOf, type ContentItem } from '#rules/content-items.ts';
import { builtInTypes } from '#rules/sit/built-in.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import { detect } from '#rules/sit/detect.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { readInput } from './input.ts';
import { customTypes, demandType } from './sit-types.ts';
import { printable, tableLines, type Column } from './table.ts';

type Options = { readonly type?: readonly string[]; readonly message?: boolean; readonly json?: boolean };

/** The texts, and what else is to be told of where they come from. */
type Searched = { readonly items: readonly ContentItem[]; readonly notes: readonly string[] };

const INPUT_LIMIT_MIB = 256;
const COLUMNS: readonly Column[] = [
  { head: 'TYPE', elastic: true },
  { head: 'CONFIDENCE', align: 'right' },
  { head: 'COUNT', align: 'right' },
  { head: 'WHERE', elastic: true },
  { head: 'VALUE', elastic: true },
];
/** Of one type. */
const SHOWN_VALUES = 20;

export function registerSitTest(sit: Command, context: CommandContext): void {
  const command = sit
    .command('test')
    .argument('<file>', 'a text in UTF-8 (or UTF-16), or a message (*.eml); - is standard input')
    .option('--type <names...>', 'only these types, by name or GUID')
    .option('--message', 'it is a message, whatever it is called')
    .option('--json', 'as JSON')
    .description('Look for sensitive information in a text or a message, attachments too. Values are masked.')
    .action((file: string, options: Options) => testFile(context, file, options));
  withExamples(command, [
    'postern sit test letter.txt',
    'postern sit test message.eml --type "Credit Card Number" "IP Address"',
    'postern sit test - --message < message.eml',
  ]);
}

async function testFile(context: CommandContext, file: string, options: Options): Promise<void> {
  const { console } = context;
  const own = customTypes(context);
  const names = options.type?.map((name) => demandType(name, own).name);
  const types = own.map(({ type }) => type);
  const all = [...builtInTypes, ...types].map(({ name }) => name);
  const octets = await readInput(context, file, INPUT_LIMIT_MIB);
  const isMessage = options.message === true || /\.eml$/i.test(file);
  const { items, notes } = isMessage ? await itemsOfMessage(context, octets) : itemsOfText(context, octets);
  const found = [...new Set(detect(compileTypes(names ?? all, types), items).values())];
  if (options.json === true) console.write(JSON.stringify({ found, notes }, undefined, 2));
  else if (found.length === 0) console.write('No sensitive information was found.');
  else console.write(tableLines(COLUMNS, found.flatMap(rowsOf), console.columns).join('\n'));
  if (options.json !== true) for (const note of notes) console.complain(printable(note));
}

function itemsOfText({ settings }: CommandContext, octets: Buffer): Searched {
  const { textCharacters } = settings().config.mailFlow.inspection;
  const { text } = decodeText(octets, 'utf-8');
  const notes = text.length > textCharacters ? [`only the first ${textCharacters} characters were looked at`] : [];
  return { items: [{ where: 'text', text: text.slice(0, textCharacters) }], notes };
}

async function itemsOfMessage({ settings }: CommandContext, octets: Buffer): Promise<Searched> {
  const { inspection: limits } = settings().config.mailFlow;
  const inspection = await inspect(octets, { ...limits, milliseconds: limits.timeout });
  return { items: itemsOf(readHeader(octets).subject, inspection), notes: notesOf(inspection) };
}

/** What was not looked into is no absence of anything. */
function notesOf({ attachments, limits, failure }: Inspection): readonly string[] {
  const shut = attachments.filter(({ state }) => state !== 'text' && state !== 'none');
  return [
    ...shut.map(({ path, state, reason }) => `not looked into: ${path || 'an attachment'} (${state}: ${reason})`),
    ...limits.map((limit) => `a limit was reached: ${limit}`),
    ...(failure === undefined ? [] : [`the message could not be taken apart: ${failure}`]),
  ];
}

/** The type and its count stand in the first row. */
function rowsOf({ name, uniqueCount, values }: DetectedInformation): readonly (readonly string[])[] {
  const rows = values
    .slice(0, SHOWN_VALUES)
    .map(({ confidence, where, masked }, index) => [
      index === 0 ? name : '',
      String(confidence),
      index === 0 ? String(uniqueCount) : '',
      where,
      masked,
    ]);
  const more = uniqueCount - rows.length;
  return more > 0 ? [...rows, ['', '', '', '', `and ${more} more`]] : rows;
}
