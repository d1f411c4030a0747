/** What conditions on people have in common: whose address it is, which groups and attributes they have, who manages whom. */
import { domainOf } from '#mail/address.ts';
import {
  askAddress,
  askPerson,
  askSender,
  named,
  on,
  onPerson,
  type Look,
  type MessageEvaluator,
  type RecipientEvaluator,
} from '#rules/look.ts';
import type { Person } from '#rules/people.ts';
import type { Find, Search } from '#rules/search.ts';
import type { AttributeComparison, AttributePatterns, AttributeWords, DirectoryAttribute } from '#rules/values.ts';
import { anyOf, holds, no, yes, type Verdict } from '#rules/verdict.ts';
import { foundIn } from './found.ts';

type Texts = ReadonlySet<string>;

export const lowered = (texts: readonly string[]): Texts => new Set(texts.map((text) => text.toLowerCase()));

type SenderTest = (address: string, look: Look) => Verdict;

/** Where the rule says that senders are looked for. */
export function overSenders(verdictOf: SenderTest): MessageEvaluator {
  const ofEnvelope = (look: Look): Verdict => verdictOf(look.facts.envelopeSender, look);
  const ofHeader = (look: Look): Verdict => on(askSender(look), (sender) => verdictOf(sender, look));
  return (look) => {
    switch (look.rule.senderAddressLocation) {
      case 'envelope':
        return ofEnvelope(look);
      case 'header':
        return ofHeader(look);
      case 'headerOrEnvelope':
        return anyOf([ofEnvelope, ofHeader], (verdictAt) => verdictAt(look), '');
    }
  };
}

export function senderFound(find: Find): MessageEvaluator {
  return overSenders((address) => (address === '' ? no('the sender is empty') : foundIn(find, address, 'the sender')));
}

/** The recipient's address by which the rule goes. */
export function overAddress(verdictOf: (address: string) => Verdict): RecipientEvaluator {
  return (look, recipient) => on(askAddress(look, recipient), verdictOf);
}

export function addressFound(find: Find): RecipientEvaluator {
  return overAddress((address) => foundIn(find, address, `recipient ${address}`));
}

/** The domain itself or any below it. */
export function isOfDomain(domains: Texts, address: string): boolean {
  let domain = domainOf(address);
  while (!domains.has(domain)) {
    const dot = domain.indexOf('.');
    if (dot < 0) return false;
    domain = domain.slice(dot + 1);
  }
  return domain !== '';
}

export function memberOf(look: Look, address: string, groups: Texts): Verdict {
  return onPerson(look, address, (person) => {
    const group = [...groups].find((wanted) => person.groups.has(wanted));
    return group === undefined ? no(`${address} is in none of the groups`) : yes(`${address} is a member of ${group}`);
  });
}

export type AttributeSearch = { readonly attribute: DirectoryAttribute; readonly find: Find };

export const wordsOf = (entries: readonly AttributeWords[], search: Search): readonly AttributeSearch[] =>
  entries.map(({ attribute, words }) => ({ attribute, find: search.words(words) }));

export const patternsOf = (entries: readonly AttributePatterns[], search: Search): readonly AttributeSearch[] =>
  entries.map(({ attribute, patterns }) => ({ attribute, find: search.patterns(patterns) }));

/** Any of the attributes is enough. */
export function attributesFound(look: Look, address: string, searches: readonly AttributeSearch[]): Verdict {
  return onPerson(look, address, ({ attributes }) =>
    anyOf(
      searches,
      ({ attribute, find }) => {
        const value = attributes[attribute];
        return value === undefined
          ? no(`${address} has no ${attribute}`)
          : foundIn(find, value, `${attribute} of ${address}`);
      },
      'no attribute is looked at',
    ),
  );
}

/** The manager may be known by any address. */
export function manages(look: Look, manager: string, employee: string): Verdict {
  return onPerson(look, employee, (person) => {
    if (person.manager === undefined) return no(`${employee} has no manager`);
    return on(askPerson(look, manager), (finding) => {
      const address = finding.kind === 'person' ? finding.person.address : manager;
      return holds(person.manager?.toLowerCase() === address, `the manager of ${employee} is ${person.manager}`);
    });
  });
}

export function managedBy(look: Look, address: string, managers: Texts): Verdict {
  return onPerson(look, address, ({ manager }) =>
    manager === undefined
      ? no(`${named(address)} has no manager`)
      : holds(managers.has(manager.toLowerCase()), `the manager of ${address} is ${manager}`),
  );
}

/** An attribute that neither has is not the same of both. */
export function compares({ attribute, operator }: AttributeComparison, one: Person, other: Person): Verdict {
  const [first, second] = [one, other].map(({ attributes }) => attributes[attribute] ?? '');
  const equal = first?.toLowerCase() === second?.toLowerCase();
  const answer = operator === 'equal' ? equal && first !== '' : !equal;
  return holds(answer, `${attribute} of ${one.address} and ${other.address} ${equal ? 'are the same' : 'differ'}`);
}

/** Both must hold; what one of them cannot tell does not matter when the other does not hold. */
export function both(one: Verdict, next: () => Verdict): Verdict {
  if (one.answer === 'no') return one;
  const other = next();
  if (one.answer === 'yes' && other.answer === 'yes') return yes(`${one.evidence}, and ${other.evidence}`);
  return other.answer === 'no' || one.answer === 'yes' ? other : one;
}
