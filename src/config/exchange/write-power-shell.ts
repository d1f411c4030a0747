/** Rules as `New-TransportRule` commands that make the same rules in Exchange: nothing of a text can become a part of the command. */
import { writeSize } from '#config/mail-flow/size.ts';
import type { Rule } from '#rules/rule.ts';
import type { SensitiveInformation } from '#rules/values.ts';
import { lossText } from './import-text.ts';
import { toExchange, type ExchangeValue } from './to-exchange.ts';

/** In the order of their priority: each new rule comes last in Exchange. */
export function powerShellOf(rules: readonly Rule[]): string {
  return rules.map((rule) => `${commandOf(rule)}\n`).join('\n');
}

export function commandOf(rule: Rule): string {
  const { parameters, losses } = toExchange(rule);
  const notes = losses.map((loss) => `# ${lossText(loss).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}\n`);
  const written = parameters.map(([name, value]) => `-${name}${separatorOf(value)}${writtenValue(value)}`);
  return `${notes.join('')}New-TransportRule ${written.join(' `\n  ')}`;
}

/** `-SetSCL -1` could be taken for two parameters. */
const separatorOf = (value: ExchangeValue): string => (value.kind === 'word' && value.word.startsWith('-') ? ':' : ' ');

function writtenValue(value: ExchangeValue): string {
  switch (value.kind) {
    case 'text':
      return quoted(value.text);
    case 'word':
      return value.word;
    case 'flag':
      return value.flag ? '$true' : '$false';
    case 'octets':
      return quoted(sizeText(value.octets));
    case 'texts':
      return value.texts.map(quoted).join(', ');
    case 'words':
      return value.texts.join(', ');
    case 'information':
      return value.entries.map(tableOf).join(', ');
  }
}

function sizeText(octets: number): string {
  const size = writeSize(octets);
  return typeof size === 'number' ? `${size}B` : size;
}

/** PowerShell takes five characters for this quotation mark; each is written twice. */
function quoted(text: string): string {
  return `'${text.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

function tableOf({ name, minCount, maxCount, minConfidence, maxConfidence }: SensitiveInformation): string {
  const numbers = {
    MinCount: minCount,
    MaxCount: maxCount,
    MinConfidence: minConfidence,
    MaxConfidence: maxConfidence,
  };
  const given = Object.entries(numbers).flatMap(([key, number]) =>
    number === undefined ? [] : [`${key}='${number}'`],
  );
  return `@{${[`Name=${quoted(name)}`, ...given].join('; ')}}`;
}
