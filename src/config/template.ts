/**
 * `config/relay.yaml` as it is delivered: every setting commented out, with its default and what it is for. Headings stay,
 * since a heading with nothing under it counts as left out: taking the `#` off one line is enough to change a setting.
 */
import { flow } from './describe.ts';
import { manualOf, type ManualRow } from './manual.ts';
import { configSchema } from './schema.ts';

const WIDTH = 110;

const HEAD = `# yaml-language-server: $schema=relay.schema.json
#
# Settings of Postern. Every setting stands here with its default, commented out: take the "# " off and change it.
# \`postern config check\` tells what is wrong; \`docs/reference/config.md\` says more. Made by \`postern docs write\`.
`;

export function configTemplate(): string {
  return `${[HEAD, ...manualOf(configSchema).flatMap((row) => [...rowLines(row, ''), ''])].join('\n').trimEnd()}\n`;
}

function rowLines(row: ManualRow, indent: string): readonly string[] {
  const remarks = [row.description, ...(row.children.length > 0 ? [] : [`(${row.kind})`])].join(' ');
  const comment = wrap(remarks, `${indent}# `);
  if (row.children.length > 0 && !row.isList) {
    return [...comment, `${indent}${row.name}:`, ...row.children.flatMap((child) => rowLines(child, `${indent}  `))];
  }
  return [...comment, ...settingLines(row, indent)];
}

function settingLines({ name, byDefault, example, isList, children }: ManualRow, indent: string): readonly string[] {
  const entries = Array.isArray(byDefault) && byDefault.length > 0 && isList && children.length > 0 ? byDefault : [];
  if (entries.length > 0) return [`${indent}# ${name}:`, ...entries.map((entry) => `${indent}#   - ${flow(entry)}`)];
  const lines = [`${indent}# ${name}: ${flow(byDefault)}`];
  if (!Array.isArray(example)) return lines;
  return [...lines, `${indent}# For example:`, ...example.map((entry) => `${indent}#     - ${flow(entry)}`)];
}

function wrap(text: string, prefix: string): readonly string[] {
  const lines: string[] = [];
  let line = prefix;
  for (const word of text.split(' ')) {
    if (line.length + word.length > WIDTH && line !== prefix) {
      lines.push(line.trimEnd());
      line = prefix;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
