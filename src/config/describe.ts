/** The manual of every setting as Markdown: `postern config describe` and `docs/reference/config.md`. */
import { jsonSchemaOf, manualOf, type ManualRow } from './manual.ts';
import { configSchema } from './schema.ts';

const HEAD = `# Settings

Generated from \`src/config/schema.ts\` by \`postern docs write\`; do not edit.

One YAML file, \`config/relay.yaml\` unless \`--config\` names another. What is left out has its default, so an empty file is a
complete configuration. \`postern config check\` tells everything that is wrong with a file. Paths are relative to the
directory that \`postern\` is started in. A changed file is read again on SIGHUP or \`postern reload\`;
dataDirectory, processes, http and log.format are fixed at the start.

- A duration is a number and \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`: \`500ms\`, \`15m\`, \`24h\`, \`90d\`.
- A size is a number and \`B\`, \`KB\`, \`MB\`, \`GB\` (powers of 1000) or \`KiB\`, \`MiB\`, \`GiB\` (of 1024): \`64KiB\`, \`35MB\`.
- A domain pattern is \`example.org\`, \`*.example.org\` (all its subdomains, not itself) or \`*\`.
- A network is an IP address or address/prefix: \`192.0.2.7\`, \`2001:db8::/32\`.
`;

export function describeConfig(): string {
  const rows = manualOf(configSchema);
  const simple = rows.filter(({ children }) => children.length === 0);
  const sections = rows.filter(({ children }) => children.length > 0);
  const general = ['## General', '', ...simple.map((row) => line('', row)), ''];
  return [HEAD, ...general, ...sections.flatMap((row) => section('', row))].join('\n').trimEnd() + '\n';
}

/** For editors: `# yaml-language-server: $schema=relay.schema.json`. */
export function configJsonSchema(): string {
  return `${JSON.stringify(jsonSchemaOf(configSchema), undefined, 2)}\n`;
}

function section(parent: string, row: ManualRow): readonly string[] {
  const name = parent + row.name;
  const prefix = row.isList ? `${name}[].` : `${name}.`;
  const simple = row.children.filter(({ children }) => children.length === 0);
  const deeper = row.children.filter(({ children }) => children.length > 0);
  return [
    `## ${name}`,
    '',
    row.isList ? `${row.description} A list; each entry has:` : row.description,
    '',
    ...simple.map((child) => line(prefix, child)),
    '',
    ...example(row),
    ...deeper.flatMap((child) => section(prefix, child)),
  ];
}

function line(prefix: string, row: ManualRow): string {
  return `- \`${prefix}${row.name}\` (${row.kind}; ${defaultText(row)}): ${row.description}`;
}

function defaultText({ required, byDefault }: ManualRow): string {
  if (required) return 'required';
  if (byDefault === undefined) return 'left out by default';
  if (byDefault === '') return 'empty by default';
  return `default \`${flow(byDefault)}\``;
}

function example({ isList, byDefault, name }: ManualRow): readonly string[] {
  if (!isList || !Array.isArray(byDefault) || byDefault.length === 0) return [];
  const entries = byDefault.map((entry) => `  - ${flow(entry)}`);
  return ['Default:', '', '```yaml', `${name}:`, ...entries, '```', ''];
}

/** One entry in YAML's flow style. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([name, inner]) => `${name}: ${flow(inner)}`)
      .join(', ')} }`;
  }
  const plain = String(value);
  return typeof value === 'string' && !/^[\w./@][\w./@: -]*$/.test(plain) ? `'${plain}'` : plain;
}
