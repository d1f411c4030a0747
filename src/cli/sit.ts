/** `postern sit list | show`: the sensitive information types that rules may name. Looking for them is in `sit-test.ts`. */
import type { Command } from 'commander';

import type { PlacedType } from '#config/sit.ts';
import { builtInTypes } from '#rules/sit/built-in.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { registerSitTest } from './sit-test.ts';
import { customTypes, demandType } from './sit-types.ts';
import { typeLines } from './sit-view.ts';
import { tableLines, type Column } from './table.ts';

const COLUMNS: readonly Column[] = [
  { head: 'NAME', elastic: true },
  { head: 'CONFIDENCE', align: 'right' },
  { head: 'ID' },
  { head: 'FROM', elastic: true },
];
const BUILT_IN = 'built in';

type Output = { readonly json?: boolean };

export function registerSit(program: Command, context: CommandContext): void {
  const sit = program
    .command('sit')
    .description('Sensitive information types: what rules can look for with messageContainsDataClassifications.');
  const list = sit
    .command('list')
    .option('--json', 'as JSON')
    .description('List the types, those built in and those of mailFlow.sensitiveInformationTypes.')
    .action((options: Output) => listTypes(context, options));
  withExamples(list, ['postern sit list']);
  const show = sit
    .command('show')
    .argument('<name>', 'name or GUID of a type, in any case of letters')
    .option('--json', 'as JSON')
    .description('Show what a type looks for, and what must be near.')
    .action((name: string, options: Output) => showType(context, name, options));
  withExamples(show, ['postern sit show "Credit Card Number"', 'postern sit show "Credit Card Number" --json']);
  registerSitTest(sit, context);
}

function listTypes(context: CommandContext, { json = false }: Output): void {
  const { console } = context;
  const own = customTypes(context);
  const rows = [
    ...builtInTypes.map((type) => ({ type, from: BUILT_IN })),
    ...own.map((placed) => ({ type: placed.type, from: placeOf(placed) })),
  ];
  if (json) {
    const listed = rows.map(({ type: { name, id, kind, description, recommendedConfidence }, from }) => {
      return { name, id, kind, description, recommendedConfidence, from };
    });
    console.write(JSON.stringify(listed, undefined, 2));
    return;
  }
  const cells = rows.map(({ type: { name, id, recommendedConfidence }, from }) => [
    name,
    String(recommendedConfidence),
    id,
    from,
  ]);
  console.write(tableLines(COLUMNS, cells, console.columns).join('\n'));
}

function showType(context: CommandContext, name: string, { json = false }: Output): void {
  const { console } = context;
  const own = customTypes(context);
  const type = demandType(name, own);
  const placed = own.find((each) => each.type === type);
  const from = placed === undefined ? BUILT_IN : placeOf(placed);
  if (json) console.write(JSON.stringify({ ...type, from }, undefined, 2));
  else console.write(typeLines({ type, from, columns: console.columns }).join('\n'));
}

const placeOf = ({ file, line }: PlacedType): string => (line === undefined ? file : `${file}:${line}`);
