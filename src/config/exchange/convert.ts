/**
 * A rule of Exchange as a rule document. What cannot be carried over is taken out and told, one thing after the other; a rule that has
 * lost a condition, an exception or an action is another rule, so it comes disabled.
 */
import type { DocumentContext } from '#config/mail-flow/context.ts';
import { CONDITION_SLOTS, EXCEPTION_SLOTS } from '#config/mail-flow/parts.ts';
import type { RuleReader } from '#config/mail-flow/read-rule.ts';
import { whyRefused } from '#config/mail-flow/refused.ts';
import { documentOf, type RuleDocument } from '#config/mail-flow/write-rule.ts';
import { nearest, type Finding } from '#config/problems.ts';
import { exchangeName, type ParameterType } from '#rules/parameter.ts';
import { ACTION_PARAMETERS } from '#rules/parameters.ts';
import { fromExchange, type ValueReading } from './from-exchange.ts';
import { isUnused, textOf, textsOf } from './plain-value.ts';
import { readProperty } from './properties.ts';
import type { ExchangeRule } from './read-file.ts';

/** Something that the rule had in Exchange and has not here. */
export type Loss = {
  /** As Exchange writes it; `''` for the rule as a whole. */
  readonly parameter: string;
  /** What stood there, in a line. */
  readonly value: string;
  readonly reason: string;
};

export type Conversion =
  | {
      readonly kind: 'converted';
      readonly name: string;
      /** Loads. With losses it is disabled. */
      readonly document: RuleDocument;
      readonly wasEnabled: boolean;
      readonly losses: readonly Loss[];
      /** What makes no difference to any message. */
      readonly notes: readonly Loss[];
    }
  | { readonly kind: 'left-out'; readonly name: string; readonly losses: readonly Loss[] };

export type ConversionParts = {
  readonly read: RuleReader;
  readonly isKnownType: DocumentContext['isKnownType'];
};

export function convertRule({ name, parameters }: ExchangeRule, { read, isKnownType }: ConversionParts): Conversion {
  const draft = new Draft();
  for (const [parameter, value] of parameters) draft.take(parameter, value, isKnownType);
  draft.joinOriginalMail(parameters);
  const wasEnabled = draft.values.get('enabled') !== false;
  if (!draft.isOfUsualSize()) return leftOut(name, draft);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const reading = read(draft.document());
    if (reading.kind === 'rule') {
      const { losses, notes } = draft;
      const document = documentOf(reading.rule);
      return { kind: 'converted', name: reading.rule.name, document, wasEnabled, losses, notes };
    }
    if (!draft.remove(reading.findings)) break;
  }
  return leftOut(name, draft);
}

const leftOut = (name: string, { losses }: Draft): Conversion => ({
  kind: 'left-out',
  name: name === '' ? 'a rule without a name' : name,
  losses,
});

/** Several times what Exchange and this relay take: beyond it nobody looks for single entries that could be left out. */
const MOST_CHARACTERS = 65_536;

/** Each takes something away; a rule has no more parameters than that. */
const MOST_ROUNDS = 200;

const TYPES: ReadonlyMap<string, { readonly name: string; readonly type: ParameterType }> = new Map(
  [...CONDITION_SLOTS, ...EXCEPTION_SLOTS, ...ACTION_PARAMETERS].flatMap(({ parameters }) =>
    parameters.map(({ name, type }) => [exchangeName(name).toLowerCase(), { name, type }] as const),
  ),
);

/** What Exchange tells of a rule besides what it does, and what its commands take besides the rule. In lower case. */
const ABOUT: ReadonlySet<string> = new Set([
  'actions',
  'conditions',
  'confirm',
  'createdby',
  'description',
  'distinguishedname',
  'domaincontroller',
  'erroraction',
  'errortext',
  'exceptions',
  'exchangeversion',
  'guid',
  'id',
  'identity',
  'immutableid',
  'isvalid',
  'lastmodifiedby',
  'manuallymodified',
  'objectclass',
  'objectstate',
  'organization',
  'organizationid',
  'originatingserver',
  'priority',
  'pscomputername',
  'psshowcomputername',
  'regexsize',
  'ruleversion',
  'runspaceid',
  'size',
  'verbose',
  'warningaction',
  'whatif',
  'whenchanged',
  'whenchangedutc',
  'whencreated',
  'whencreatedutc',
]);

/** What only says where a rule belongs. */
const NOTED: { readonly [parameter: string]: string } = {
  dlppolicy: 'rules are not collected into policies here; the mode of the policy does not come with it',
  dlppolicyid: 'rules are not collected into policies here; the mode of the policy does not come with it',
  rulesubtype: 'rules have no subtypes here',
};

class Draft {
  readonly values = new Map<string, unknown>();
  readonly losses: Loss[] = [];
  readonly notes: Loss[] = [];

  take(parameter: string, value: unknown, isKnownType: ConversionParts['isKnownType']): void {
    const key = parameter.toLowerCase();
    if (ABOUT.has(key) || key === 'incidentreportoriginalmail') return;
    const property = readProperty(key, value);
    if (property !== undefined) return this.#put(property.name, property.reading, { parameter, value });
    if (isUnused(value)) return;
    const noted = NOTED[key];
    if (noted !== undefined) {
      if (!/^none$/i.test(textOf(value) ?? '')) this.notes.push({ parameter, value: lineOf(value), reason: noted });
      return;
    }
    const known = TYPES.get(key);
    if (known === undefined) return this.#lose({ parameter, value, reason: whyUnknown(parameter) });
    return this.#put(known.name, fromExchange(known.type, value, isKnownType), { parameter, value });
  }

  /** An older way to say what the report contains. */
  joinOriginalMail(parameters: ExchangeRule['parameters']): void {
    const written = parameters.find(([name]) => name.toLowerCase() === 'incidentreportoriginalmail')?.[1];
    const contents: unknown = this.values.get('incidentReportContent') ?? [];
    if (!/^includeoriginalmail$/i.test(textOf(written) ?? '') || !Array.isArray(contents)) return;
    if (!contents.includes('attachOriginalMail'))
      this.values.set('incidentReportContent', [...contents, 'attachOriginalMail']);
  }

  isOfUsualSize(): boolean {
    const size = JSON.stringify([...this.values]).length;
    return size <= MOST_CHARACTERS || !this.#tellOnce('', `is too large: it has ${size} characters`);
  }

  document(): RuleDocument {
    const document = Object.fromEntries(this.values);
    return this.losses.length === 0 ? document : { ...document, enabled: false };
  }

  /** Whether there was anything to take out. */
  remove(findings: readonly Finding[]): boolean {
    // From the end, so that the places before it stay.
    const removed = findings.toReversed().map((finding) => this.#removeOne(finding));
    return removed.includes(true);
  }

  #removeOne({ path: [name, ...within], message }: Finding): boolean {
    const key = name === undefined ? '' : String(name);
    const value = this.values.get(key);
    if (value === undefined) return this.#tellOnce(key, message);
    const { left, taken } = without(value, within);
    if (left === undefined) this.values.delete(key);
    else this.values.set(key, left);
    const line = lineOf(taken);
    this.losses.push({
      parameter: exchangeName(key),
      value: line,
      reason: isDistinguished(line) ? DISTINGUISHED : message,
    });
    return true;
  }

  /** Of the rule as a whole, or of something that it should have. */
  #tellOnce(key: string, reason: string): boolean {
    const parameter = exchangeName(key);
    if (this.losses.some((loss) => loss.parameter === parameter && loss.reason === reason)) return false;
    this.losses.push({ parameter, value: '', reason });
    return true;
  }

  #put(name: string, reading: ValueReading, written: { readonly parameter: string; readonly value: unknown }): void {
    if ('wrong' in reading) this.#lose({ ...written, reason: reading.wrong });
    else if (reading.value !== undefined) this.values.set(name, reading.value);
  }

  #lose({ parameter, value, reason }: { parameter: string; value: unknown; reason: string }): void {
    this.losses.push({ parameter, value: lineOf(value), reason });
  }
}

/** Exchange names people by their place in Active Directory, where an export comes from a server that cannot resolve them. */
const isDistinguished = (line: string): boolean => /^(?:CN|OU)=.*,DC=/i.test(line);
const DISTINGUISHED = 'is a name in Active Directory; write the address of whoever it is';

function whyUnknown(parameter: string): string {
  const written = parameter.slice(0, 1).toLowerCase() + parameter.slice(1);
  const refused = whyRefused(written) ?? whyRefused(parameter);
  if (refused !== undefined) return refused;
  const known = [...TYPES.values()].map(({ name }) => exchangeName(name));
  const meant = nearest(parameter, known);
  return `is no parameter of rules here${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

type Taken = { readonly left: unknown; readonly taken: unknown };

/** One entry of a list is taken out alone; with the last one the list goes. */
function without(value: unknown, path: Finding['path']): Taken {
  const [step, ...rest] = path;
  if (Array.isArray(value) && typeof step === 'number' && step < value.length) {
    const left: readonly unknown[] = value.toSpliced(step, 1);
    return { left: left.length === 0 ? undefined : left, taken: value[step] };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || step === undefined)
    return { left: undefined, taken: value };
  const members = new Map<string, unknown>(Object.entries(value));
  const { left, taken } = without(members.get(String(step)), rest);
  if (left === undefined) members.delete(String(step));
  else members.set(String(step), left);
  return { left: members.size === 0 ? undefined : Object.fromEntries(members), taken: { [String(step)]: taken } };
}

const LONGEST_LINE = 200;

/** For people: one line, whatever it is. */
function lineOf(value: unknown): string {
  const texts = textsOf(value);
  const whole = texts.every((text) => text !== undefined) ? texts.join(', ') : JSON.stringify(value);
  const line = (whole ?? '').replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1)}…` : line;
}
