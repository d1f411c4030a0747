/** The generated pages of docs/reference/, the template of the configuration, and the JSON Schemas of it and of rules, as file contents. */
import type { Command, Option } from 'commander';

import { configJsonSchema, describeConfig } from '#config/describe.ts';
import { rulesJsonSchema } from '#config/mail-flow/rule-schema.ts';
import { configTemplate } from '#config/template.ts';
import { eventsReference } from '#log/events-reference.ts';
import { statusReference } from '#reporting/status-reference.ts';
import { caseReference } from './case-reference.ts';
import { examplesOf } from './examples.ts';
import { EXIT_CODES } from './exit.ts';
import { rfcReference } from './rfc-reference.ts';
import { ruleReference } from './rule-reference.ts';
import { sitReference } from './sit-reference.ts';

/** Paths are relative to the package. */
export type GeneratedFile = { readonly path: string; readonly content: string };

/** `packageDirectory` is where the sources and tests lie, from which some of the pages are read. */
export function generatedFiles(program: Command, packageDirectory: string): readonly GeneratedFile[] {
  return [
    { path: 'docs/reference/config.md', content: describeConfig() },
    { path: 'docs/reference/commands.md', content: commandsReference(program) },
    { path: 'docs/reference/status.md', content: statusReference() },
    { path: 'docs/reference/events.md', content: eventsReference() },
    { path: 'docs/reference/rfc.md', content: rfcReference(packageDirectory) },
    { path: 'docs/reference/tls-policy-cases.md', content: caseReference(packageDirectory) },
    { path: 'docs/reference/rules.md', content: ruleReference(packageDirectory) },
    { path: 'docs/reference/sensitive-information-types.md', content: sitReference(packageDirectory) },
    { path: 'config/relay.yaml', content: configTemplate() },
    { path: 'config/relay.schema.json', content: configJsonSchema() },
    { path: 'config/rules.schema.json', content: rulesJsonSchema() },
  ];
}

function commandsReference(program: Command): string {
  const codes = Object.values(EXIT_CODES).map(({ code, text }) => `| ${code} | ${text} |`);
  return [
    '# Commands',
    '',
    'Generated from `src/cli/` by `postern docs write`; do not edit.',
    '',
    'Commands that look at the queue, at kept mail or at trace records ask the running relay over its HTTP interface, with the',
    'token that `postern start` has written (`http.tokenFile`); when no relay runs, they open the database.',
    '',
    '| exit code | meaning |',
    '| --- | --- |',
    ...codes,
    '',
    'Options of every command:',
    '',
    ...optionLines(program),
    '',
    ...leaves(program).flatMap((command) => commandLines(command)),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** The commands that do something: groups are only part of their names. */
function leaves(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function commandLines(command: Command): readonly string[] {
  const lines = [`## ${nameOf(command)}`, '', command.description(), ''];
  const commandArguments = command.registeredArguments.map(
    (argument) => `- \`${argument.name()}\`: ${argument.description}`,
  );
  const described = [...commandArguments, ...optionLines(command)];
  if (described.length > 0) lines.push(...described, '');
  const examples = examplesOf(command);
  return examples.length === 0 ? lines : [...lines, '```sh', ...examples, '```', ''];
}

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;

const optionLines = (command: Command): readonly string[] => command.options.map(optionLine);

function optionLine({ flags, description, defaultValue, argChoices, mandatory }: Option): string {
  const remarks = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(defaultValue === undefined ? [] : [`default \`${String(defaultValue)}\``]),
    ...(mandatory ? ['required'] : []),
  ];
  return `- \`${flags}\`: ${description}${remarks.length === 0 ? '' : ` (${remarks.join('; ')})`}`;
}
