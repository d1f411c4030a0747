/**
 * What the schema says about each setting, as plain rows: the ground of the manual, of the template and of suggestions.
 * Taken from zod's JSON Schema, so that all of them say the same.
 */
import { z } from 'zod';

export type ManualRow = {
  readonly name: string;
  readonly description: string;
  /** How the value is written, for readers: `duration`, `one of off, offered`, `list of networks`. */
  readonly kind: string;
  readonly required: boolean;
  /** As it would stand in the file; `undefined` when the setting may be left out without one. */
  readonly byDefault: unknown;
  readonly example: unknown;
  /** Settings of a section, or of each entry of a list. */
  readonly children: readonly ManualRow[];
  readonly isList: boolean;
};

type JsonNode = z.core.JSONSchema.BaseSchema;

export function jsonSchemaOf(schema: z.ZodType): JsonNode {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any', reused: 'inline' });
}

export function manualOf(schema: z.ZodType): readonly ManualRow[] {
  return rowsOf(jsonSchemaOf(schema));
}

function rowsOf(node: JsonNode): readonly ManualRow[] {
  const required = new Set(node.required);
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    typeof child === 'boolean' ? [] : [rowOf(name, child, required.has(name))],
  );
}

function rowOf(name: string, node: JsonNode, required: boolean): ManualRow {
  const item = itemOf(node);
  return {
    name,
    description: node.description ?? '',
    kind: kindOf(node),
    required,
    byDefault: node.default,
    example: node['example'],
    children: rowsOf(item ?? node),
    isList: item !== undefined,
  };
}

function itemOf({ items }: JsonNode): JsonNode | undefined {
  return typeof items === 'object' && !Array.isArray(items) ? items : undefined;
}

function kindOf(node: JsonNode): string {
  const item = itemOf(node);
  if (item !== undefined) return item.properties === undefined ? `list: ${kindOf(item)}` : 'list of settings';
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (node.type === 'integer' || node.type === 'number') return `number, ${node.minimum ?? 0} to ${node.maximum ?? ''}`;
  return typeof node['kind'] === 'string' ? node['kind'] : 'text';
}
