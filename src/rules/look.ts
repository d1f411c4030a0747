/**
 * What conditions and actions see of a message: the branch that they are evaluated for, as the rules before have made it. What has
 * not been asked for is `undefined` even where it is known already, so that an evaluation goes the same way however much was gathered.
 */
import { domainOf } from '#mail/address.ts';
import type { BranchRecipient, Change } from './evaluation.ts';
import type { ContentFacts, MessageFacts } from './facts.ts';
import type { HeaderView } from './header-view.ts';
import type { PersonFinding } from './people.ts';
import type { Rule } from './rule.ts';
import { failed, needs, no, type Stop, type Verdict } from './verdict.ts';

export type Recipient = BranchRecipient & {
  /** As it was first addressed. */
  readonly original: string;
  /** Recipients of the message as it came that this one is, or stands in for; those of all recipients are a branch's `originals`. */
  readonly covers: readonly string[];
};

export type KnownFacts = Omit<MessageFacts, 'header' | 'people' | 'content'>;

export type Look = {
  readonly facts: KnownFacts;
  readonly rule: Rule;
  /** Of the branch. */
  readonly recipients: readonly Recipient[];
  readonly changes: readonly Change[];
  readonly header: HeaderView | undefined;
  /** As the message came with it: places in it that were found before still mean the same. */
  readonly originalSubject: string | undefined;
  readonly people: ReadonlyMap<string, PersonFinding> | undefined;
  readonly content: ContentFacts | undefined;
};

export type MessageEvaluator = (look: Look) => Verdict;
export type RecipientEvaluator = (look: Look, recipient: Recipient) => Verdict;

/** What the directory says of an address: an answer goes on with it, anything else is a verdict already. */
export type Asked<Found> =
  { readonly kind: 'found'; readonly found: Found } | { readonly kind: 'stop'; readonly verdict: Stop };

export const found = <Found>(value: Found): Asked<Found> => ({ kind: 'found', found: value });
const stop = (verdict: Stop): Asked<never> => ({ kind: 'stop', verdict });

export type KnownPerson = Exclude<PersonFinding, { kind: 'failed' }>;

export function askPerson({ people }: Look, address: string): Asked<KnownPerson> {
  if (address === '') return found({ kind: 'absent' });
  if (people === undefined) return stop(needs('directory'));
  const finding = people.get(address);
  if (finding === undefined) return stop(failed(`the directory was not asked for ${address}`));
  return finding.kind === 'failed'
    ? stop(failed(`the directory could not be asked for ${address}: ${finding.reason}`))
    : found(finding);
}

/** The author, wherever a rule looks for senders. */
export function askSender({ header }: Look): Asked<string> {
  return header === undefined ? stop(needs('header')) : found(header.from);
}

/**
 * The recipient's address by which the rule goes. Proxy addresses are resolved to primary ones where they can be ours: an address in
 * no accepted domain is nobody's proxy here.
 */
export function askAddress(look: Look, recipient: Recipient): Asked<string> {
  if (look.rule.recipientAddressType === 'original') return found(recipient.original);
  if (!look.facts.isAcceptedDomain(domainOf(recipient.address))) return found(recipient.address);
  const asked = askPerson(look, recipient.address);
  if (asked.kind === 'stop') return asked;
  return found(asked.found.kind === 'person' ? asked.found.person.address : recipient.address);
}

/** Authenticated, and an object of the organisation or of an accepted domain. The other location is whatever is not this one. */
export function senderIsInside(look: Look): Asked<boolean> {
  if (!look.facts.client.authenticated) return found(false);
  const sender = askSender(look);
  return sender.kind === 'stop' ? sender : isInside(look, sender.found);
}

/** Contacts of the directory are inside only by their domain; nobody is, though every domain may be accepted. */
export function isInside(look: Look, address: string): Asked<boolean> {
  if (address === '') return found(false);
  if (look.facts.isAcceptedDomain(domainOf(address))) return found(true);
  const asked = askPerson(look, address);
  if (asked.kind === 'stop') return asked;
  return found(asked.found.kind === 'person' && asked.found.person.isContact !== true);
}

/** Goes on with what was found. */
export function on<Found, Result>(asked: Asked<Found>, resultOf: (found: Found) => Result): Result | Stop {
  return asked.kind === 'stop' ? asked.verdict : resultOf(asked.found);
}

/** Goes on with the person of that address, if there is one. */
export function onPerson(
  look: Look,
  address: string,
  verdictOf: (person: (KnownPerson & { kind: 'person' })['person']) => Verdict,
): Verdict {
  return on(askPerson(look, address), (finding) =>
    finding.kind === 'person' ? verdictOf(finding.person) : no(`${named(address)} is not in the directory`),
  );
}

export const named = (address: string): string => (address === '' ? 'the empty address' : address);
