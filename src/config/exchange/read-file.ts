/**
 * Rules as Exchange gives them away, from the octets of a file: `Export-TransportRuleCollection` (XML around commands),
 * `Get-TransportRule | ConvertTo-Json`, or a script of `New-TransportRule` commands. Only told apart and taken to pieces here; what the
 * parameters mean is `convert.ts`.
 */
import { childOf, childrenOf, decodeXml, readXml, type XmlElement } from '#config/xml.ts';
import { readCommands, type Command } from './power-shell.ts';
import { plainValue } from './plain-value.ts';

export type ExchangeRule = {
  /** `''`: it has none. */
  readonly name: string;
  /** By their names in Exchange, in any case of letters; in order. */
  readonly parameters: readonly (readonly [name: string, value: unknown])[];
};

/** Something in the file that is no rule which could be read. */
export type Passed = { readonly what: string; readonly why: string };

export type ExchangeReading =
  | {
      readonly kind: 'rules';
      /** In the order of their priority. */
      readonly rules: readonly ExchangeRule[];
      readonly passed: readonly Passed[];
    }
  | { readonly kind: 'broken'; readonly message: string };

export const EXCHANGE_FILE_MIB = 8;

/** Exchange takes 300. */
const MOST_RULES = 1000;

export function readExchangeFile(octets: Uint8Array): ExchangeReading {
  const reading = readAny(octets);
  const isTooMuch = reading.kind === 'rules' && reading.rules.length + reading.passed.length > MOST_RULES;
  return isTooMuch ? broken(`holds more than ${MOST_RULES} rules`) : reading;
}

function readAny(octets: Uint8Array): ExchangeReading {
  const text = decodeXml(octets);
  if (text === undefined) return broken('is no text in UTF-8 or UTF-16');
  const begin = text.trimStart().slice(0, 1);
  if (begin === '<' && !text.trimStart().startsWith('<#')) return readCollection(text);
  return begin === '{' || begin === '[' ? readJson(text) : readScript(text);
}

const broken = (message: string): ExchangeReading => ({ kind: 'broken', message });

function readScript(text: string): ExchangeReading {
  const commands = readCommands(text);
  const made = commands.filter(isNewRule);
  if (made.length === 0)
    return broken(
      'holds no rules: it must be what Export-TransportRuleCollection writes (XML), Get-TransportRule | ConvertTo-Json, or New-TransportRule commands',
    );
  const others = commands.filter((command) => !isNewRule(command) && !isHarmless(command));
  const passed = others.map(({ name, line }) => ({
    what: `line ${line}: ${name}`,
    why: 'only New-TransportRule is read',
  }));
  return { kind: 'rules', rules: made.map(ruleOfCommand), passed };
}

const isNewRule = ({ name }: Command): boolean => name.toLowerCase() === 'new-transportrule';
const isHarmless = ({ name }: Command): boolean => /^(?:out-null|connect-exchangeonline|write-host)$/i.test(name);

/** `New-TransportRule 'Name'` and `New-TransportRule -Name 'Name'` are the same. */
function ruleOfCommand({ args }: Command): ExchangeRule {
  const first = args.findIndex(({ name }) => name === '');
  const hasName = args.some(({ name }) => name.toLowerCase() === 'name');
  const parameters = args.map(({ name, value }, index): readonly [string, unknown] => [
    index === first && !hasName ? 'Name' : name,
    value,
  ]);
  return { name: nameIn(parameters), parameters };
}

function nameIn(parameters: ExchangeRule['parameters']): string {
  const name = parameters.find(([key]) => key.toLowerCase() === 'name')?.[1];
  return typeof name === 'string' ? name.trim() : '';
}

/** `<rules><rule name="..."><version><commandBlock>`; the templates of DLP policies have command blocks too. */
function readCollection(text: string): ExchangeReading {
  const reading = readXml(text);
  if (reading.kind === 'broken') return broken(`line ${reading.line}: ${reading.message}`);
  const rules: ExchangeRule[] = [];
  const passed: Passed[] = [];
  for (const block of blocksIn(reading.root)) {
    const commands = block.command === undefined ? [] : readCommands(block.command).filter(isNewRule);
    if (commands.length === 0) passed.push({ what: block.what, why: NO_COMMAND });
    rules.push(...commands.map(ruleOfCommand));
  }
  return rules.length + passed.length === 0 ? broken('is XML, but holds no rules') : { kind: 'rules', rules, passed };
}

const NO_COMMAND =
  'holds no New-TransportRule command: it is in the form inside of Exchange; export it without -Format InternalXml and -ExportLegacyRules';

type Block = { readonly what: string; readonly command: string | undefined };

function blocksIn(element: XmlElement): readonly Block[] {
  if (element.name.toLowerCase() === 'commandblock') return [{ what: `line ${element.line}`, command: element.text }];
  if (element.name !== 'rule') return element.children.flatMap(blocksIn);
  // A rule may be there in the forms of several versions of Exchange, the newest last.
  const newest = childrenOf(element, 'version').findLast((version) => childOf(version, 'commandBlock') !== undefined);
  const command = newest && childOf(newest, 'commandBlock')?.text;
  return [{ what: `${element.attributes.get('name') ?? 'a rule'} (line ${element.line})`, command }];
}

function readJson(text: string): ExchangeReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return broken(`is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  // One rule alone is no list; several are sometimes one within an object.
  const inner = plainValue(value);
  const written: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
  const rules: ExchangeRule[] = [];
  const passed: Passed[] = [];
  for (const [index, entry] of written.entries()) {
    const rule = ruleOfObject(entry);
    if (rule === undefined) passed.push({ what: `entry ${index + 1}`, why: 'is no rule: it has no Name' });
    else rules.push(rule);
  }
  if (rules.length === 0) return broken('is JSON, but holds no rules');
  return { kind: 'rules', rules: inOrder(rules), passed };
}

function ruleOfObject(value: unknown): ExchangeRule | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // `From@odata.type` tells the type of `From`.
  const parameters = Object.entries(value)
    .filter(([name]) => !name.includes('@'))
    .map(([name, inner]: [string, unknown]): readonly [string, unknown] => [name, plainValue(inner)]);
  const name = nameIn(parameters);
  return name === '' ? undefined : { name, parameters };
}

/** As they are numbered; those without a number after them. */
function inOrder(rules: readonly ExchangeRule[]): readonly ExchangeRule[] {
  const priorityOf = ({ parameters }: ExchangeRule): number => {
    const written = parameters.find(([name]) => name.toLowerCase() === 'priority')?.[1];
    return typeof written === 'number' || /^\d+$/.test(String(written)) ? Number(written) : Infinity;
  };
  const ranked = rules.map((rule, place) => ({ rule, place, priority: priorityOf(rule) }));
  return ranked
    .toSorted((one, other) =>
      one.priority === other.priority ? one.place - other.place : one.priority - other.priority,
    )
    .map(({ rule }) => rule);
}
