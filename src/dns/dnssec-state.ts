/**
 * Whether the word of our resolvers about DNSSEC counts: what they answered in the self-test, judged, as one sentence for the
 * operator. Pure; `self-test.ts` asks them.
 */
import type { Answer } from './answer.ts';
import { serverText, type Server } from './servers.ts';
import type { SelfTestSettings } from './settings.ts';

/** `unknown`: the test could not tell, or has not been made. `reason` is a sentence without its full stop. */
export type DnssecState =
  | { readonly kind: 'validates' }
  | { readonly kind: 'does-not-validate'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The word of a resolver as it was given (`secure` is its AD bit, believed or not); `undefined` was not asked. */
export type Word = Answer<string> | undefined;

export type ServerFindings = {
  readonly server: Server;
  readonly signed: Word;
  readonly signedOverTcp: Word;
  readonly unsigned: Word;
  readonly bogus: Word;
};

type Doubt = Exclude<DnssecState, { kind: 'validates' }>;

/** One that does not validate spoils it all: any of them may be the next to answer. One that is silent does not. */
export function judgeResolvers(found: readonly ServerFindings[], names: SelfTestSettings): DnssecState {
  const states = found.map((findings) => judgeResolver(findings, names));
  const without = states.filter((state) => state.kind === 'does-not-validate');
  if (without.length > 0) return { kind: 'does-not-validate', reason: reasonsOf(without) };
  if (states.some(({ kind }) => kind === 'validates')) return { kind: 'validates' };
  return { kind: 'unknown', reason: reasonsOf(states.filter((state) => state.kind === 'unknown')) };
}

export function dnssecText(state: DnssecState): string {
  if (state.kind === 'validates') return 'the resolver validates';
  return state.kind === 'unknown' ? `unknown: ${state.reason}` : `the resolver does not validate: ${state.reason}`;
}

const reasonsOf = (doubts: readonly Doubt[]): string => doubts.map(({ reason }) => reason).join('; ');

function judgeResolver(findings: ServerFindings, names: SelfTestSettings): DnssecState {
  const who = serverText(findings.server);
  if (!findings.server.trusted) {
    return no(`${who} is neither on loopback nor in dns.trustedResolvers, so what it says of DNSSEC is not believed`);
  }
  const doubts = [
    judgeBogus(findings.bogus, who, names.bogus),
    judgeUnsigned(findings.unsigned, who, names.unsigned),
    judgeSigned(findings, who, names.signed),
    judgeTcp(findings, who, names.signed),
  ].filter((doubt) => doubt !== undefined);
  return doubts.find(({ kind }) => kind === 'does-not-validate') ?? doubts[0] ?? { kind: 'validates' };
}

function judgeBogus(word: Word, who: string, name: string): Doubt | undefined {
  if (word === undefined || isRefused(word)) return undefined;
  if (word.kind === 'found') return no(`${who} answers ${name}, whose signatures are wrong`);
  if (word.kind === 'failed') return unknown(silence(who, name, word.why));
  // A validated denial: the name is no longer there to test with, and the denial speaks for the resolver.
  return word.kind === 'absent' && !word.secure ? unknown(missing(who, name, 'bogus')) : undefined;
}

function judgeUnsigned(word: Word, who: string, name: string): Doubt | undefined {
  switch (word?.kind) {
    case undefined:
      return undefined;
    case 'found':
      return word.secure
        ? no(
            `${who} calls ${name} validated, which is not signed (if it is by now, name another in dns.selfTest.unsigned)`,
          )
        : undefined;
    case 'absent':
      return unknown(missing(who, name, 'unsigned'));
    case 'bogus':
      return unknown(`${who} finds ${name} bogus, which is not signed`);
    case 'failed':
      return unknown(silence(who, name, word.why));
  }
}

function judgeSigned({ signed: word, bogus, server }: ServerFindings, who: string, name: string): Doubt | undefined {
  switch (word?.kind) {
    case undefined:
      return undefined;
    case 'found':
      return word.secure ? undefined : no(unmarked(server, name, bogus !== undefined && isRefused(bogus)));
    case 'absent':
      return unknown(missing(who, name, 'signed'));
    case 'bogus':
      return unknown(`${who} finds ${name} bogus, which is signed well: look at its clock and its trust anchor`);
    case 'failed':
      return unknown(silence(who, name, word.why));
  }
}

/** Only where the same question was answered over UDP: else there is nothing to compare with. */
function judgeTcp({ signed, signedOverTcp: word }: ServerFindings, who: string, name: string): Doubt | undefined {
  if (word === undefined || signed?.kind !== 'found') return undefined;
  if (word.kind === 'failed') {
    return unknown(`${who} does not answer over TCP (${word.why}), which answers that are too long for UDP need`);
  }
  return word.kind === 'found' && word.secure
    ? undefined
    : no(`${who} does not say over TCP that ${name} is validated, as it does over UDP`);
}

const isRefused = (word: Answer<string>): boolean =>
  word.kind === 'bogus' || (word.kind === 'failed' && word.why === 'servfail');

const SYSTEMD_RESOLVED = ['127.0.0.53', '127.0.0.54'];

/** The AD bit is missing where it belongs. */
function unmarked(server: Server, name: string, refusesBogus: boolean): string {
  const who = serverText(server);
  if (!refusesBogus) return `${who} never says that an answer is validated, not even of ${name}, which is signed`;
  const stub = SYSTEMD_RESOLVED.includes(server.ip) ? 'systemd-resolved without DNSSEC=yes' : 'a stub in front of it';
  return (
    `${who} refuses what is forged, but does not say that ${name} is validated: ${stub} may take the AD bit away; ` +
    'name the validating resolver itself in dns.resolvers'
  );
}

const missing = (who: string, name: string, setting: keyof SelfTestSettings): string =>
  `${who} knows no ${name}; name one that it knows in dns.selfTest.${setting}`;

const silence = (who: string, name: string, why: string): string =>
  why === 'timeout' || why === 'unreachable'
    ? `${who} does not answer (${why})`
    : `${who} cannot find ${name} (${why})`;

const no = (reason: string): Doubt => ({ kind: 'does-not-validate', reason });
const unknown = (reason: string): Doubt => ({ kind: 'unknown', reason });
