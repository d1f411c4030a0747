/**
 * Reads a scenario folder: `scenario.yaml` (title, cases, hosts, settings, mail, what is expected), `zone` (a record a line), `content`
 * (the message; the usual one when there is none), `rules.yaml` (mail flow rules) and `expected-dsn` (the reports to the sender; none when there is none).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CLOSE, HANG, RESET, thenClose, type Act, type Scripted } from '../doubles/scripted-host.ts';
import type { ZoneName } from '../doubles/zone.ts';
import type { HostPlan, Mail, WorldPlan } from './world.ts';

/** A reply, or `close`, `close 421 Bye`, `hang`, `reset`; a list gives one for each time, the last from then on. */
type Said = string | readonly string[] | { readonly [partOfLine: string]: string };

type Written = {
  readonly title: string;
  /** Ids of the cases of the catalogue that it proves. */
  readonly cases?: readonly string[];
  readonly hosts?: {
    readonly [name: string]: Omit<HostPlan, 'script'> & { readonly script?: { readonly [phase: string]: Said } };
  };
  readonly settings?: WorldPlan['settings'];
  readonly mail: readonly Mail[];
  readonly expect: Expected;
};

export type Expected = {
  /** For each recipient the steps of its deliveries, as `World.trail` tells them. */
  readonly trails: { readonly [recipient: string]: readonly string[] };
  /** Words within the reason of a recipient's last step. */
  readonly reasons?: { readonly [recipient: string]: string };
  /** How many messages a host took; `clear` or the TLS version behind it: `1 TLSv1.3`. */
  readonly took: { readonly [host: string]: string };
  /** Command lines that a host must have heard, in whole. */
  readonly heard?: { readonly [host: string]: readonly string[] };
  /** Words that a host must not have heard in any command line. */
  readonly unheard?: { readonly [host: string]: readonly string[] };
  /** Words within the content that a host took; each must occur. */
  readonly content?: { readonly [host: string]: readonly string[] };
  /** Events that were reported, each with these fields and perhaps others. */
  readonly events?: { readonly [event: string]: { readonly [field: string]: string } };
};

export type Scenario = {
  readonly title: string;
  readonly plan: WorldPlan;
  readonly mail: readonly Mail[];
  readonly expect: Expected;
  /** As `digest` writes them; '' when no report may come. */
  readonly reports: string;
};

export function readScenario(folder: string): Scenario {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file of this repository; a wrong one fails its test
  const written = parse(readFileSync(join(folder, 'scenario.yaml'), 'utf8')) as Written;
  const { cases = [], hosts = {}, settings = {}, mail, expect } = written;
  const title = `${cases.join(', ')} ${written.title}`.trim();
  const content = readIfThere(folder, 'content');
  const plans = Object.entries(hosts).map(([name, { script = {}, ...host }]): [string, HostPlan] => [
    name,
    { ...host, script: Object.fromEntries(Object.entries(script).map(([phase, said]) => [phase, actOf(said)])) },
  ]);
  return {
    title,
    plan: {
      hosts: Object.fromEntries(plans),
      settings,
      zone: readZone(readIfThere(folder, 'zone') ?? ''),
      rules: readIfThere(folder, 'rules.yaml'),
    },
    mail: mail.map((one) => (content === undefined ? one : { content, ...one })),
    expect,
    reports: readIfThere(folder, 'expected-dsn') ?? '',
  };
}

/** Lines `name TYPE value`; `name FAULT servfail` makes a name misbehave, `name SECURE` is signed, `name .` has no records. */
function readZone(text: string): { readonly [name: string]: ZoneName } {
  const names: { [name: string]: { [type: string]: unknown } } = {};
  for (const line of text.split('\n')) {
    const [name = '', type = '', ...rest] = line.trim().split(/\s+/);
    if (name === '' || name.startsWith(';')) continue;
    const node = (names[name] ??= {});
    const value = rest.join(' ');
    if (type === 'FAULT') node['fault'] = value;
    else if (type === 'SECURE') node['secure'] = true;
    else if (type === 'CNAME') node['CNAME'] = value;
    else if (type !== '.') node[type] = [...[node[type] ?? []].flat(), value];
  }
  return names;
}

function actOf(said: Said): Scripted {
  if (typeof said === 'string') return oneAct(said);
  if (isList(said)) return (_line, count) => oneAct(said[Math.min(count, said.length - 1)] ?? '');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `undefined` lets the host answer as usual
  return ((line) => {
    const found = Object.entries(said).find(([part]) => line.includes(part));
    return found === undefined ? undefined : oneAct(found[1]);
  }) as Scripted;
}

const isList = (said: Exclude<Said, string>): said is readonly string[] => Array.isArray(said);

function oneAct(text: string): Act {
  if (text === 'hang') return HANG;
  if (text === 'close') return CLOSE;
  if (text === 'reset') return RESET;
  return text.startsWith('close ') ? thenClose(text.slice('close '.length)) : text;
}

function readIfThere(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
