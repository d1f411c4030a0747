/** What actions that concern people have in common: adding them, sending the message to them instead, finding a manager. */
import { listed } from '#rules/evidence.ts';
import { valueOf } from '#rules/header-view.ts';
import { askPerson, askSender, found, named, on, type Asked, type Look } from '#rules/look.ts';
import { LOOP_FIELD } from '#rules/organization-fields.ts';
import { needs } from '#rules/verdict.ts';
import { ADDED_RECIPIENTS_LIMIT } from './limits.ts';
import { planned, type ActionLook, type Plan } from './row.ts';

/** Who is a recipient already stays what he is; beyond the limit nobody is added, and the other actions are done all the same. */
export function planAdding(as: 'to' | 'cc' | 'bcc', wanted: readonly string[], look: ActionLook): Plan {
  const present = new Set(look.recipients.map(({ address }) => address));
  const missing = unique(wanted).filter((address) => !present.has(address));
  const fresh = missing.filter((address) => !look.added.has(address));
  const refused = new Set(fresh.slice(Math.max(0, ADDED_RECIPIENTS_LIMIT - look.added.size)));
  const addresses = missing.filter((address) => !refused.has(address));
  const notes = [
    ...(addresses.length > 0 ? [`${as} ${listed(addresses)}`] : []),
    ...(missing.length < unique(wanted).length ? ['who is a recipient already is not added'] : []),
    ...(refused.size > 0
      ? [`not ${listed([...refused])}: rules add ${ADDED_RECIPIENTS_LIMIT} recipients at most`]
      : []),
  ];
  const detail = notes.join('; ');
  return addresses.length === 0
    ? planned(detail)
    : planned(detail, { kind: 'add', rule: look.rule.name, as, addresses });
}

/** A message is redirected once: one that carries our mark already goes round in a circle, and is rejected. */
export function planRedirecting(wanted: readonly string[], look: ActionLook): Plan {
  const { header, rule } = look;
  if (header === undefined) return needs('header');
  if (valueOf(header.fields, LOOP_FIELD) !== undefined) {
    const rejection = { enhancedStatusCode: '5.7.128', reasonText: LOOP_TEXT };
    return planned('a rule has redirected it before', {
      kind: 'dispose',
      disposition: { kind: 'reject', rule: rule.name, rejection },
    });
  }
  const addresses = unique(wanted);
  if (addresses.length === 0) return planned('nobody is named, so its recipients keep it');
  return planned(
    `to ${listed(addresses)}`,
    { kind: 'redirect', rule: rule.name, addresses },
    { kind: 'change', change: { rule: rule.name, kind: 'set-header', name: LOOP_FIELD, value: '1' } },
  );
}

const LOOP_TEXT = 'Transport rules loop count exceeded and message rejected';

export type ManagerFinding =
  { readonly kind: 'manager'; readonly address: string } | { readonly kind: 'none'; readonly why: string };

export function askManager(look: Look): Asked<ManagerFinding> {
  const sender = askSender(look);
  if (sender.kind === 'stop') return sender;
  const asked = askPerson(look, sender.found);
  if (asked.kind === 'stop') return asked;
  if (asked.found.kind === 'absent') return noManager(`${named(sender.found)} is not in the directory`);
  const { manager } = asked.found.person;
  return manager === undefined
    ? noManager(`${sender.found} has no manager`)
    : found({ kind: 'manager', address: manager.toLowerCase() });
}

const noManager = (why: string): Asked<ManagerFinding> => found({ kind: 'none', why });

/** Who sends the message himself need not approve it. That only counts of senders who proved who they are. */
export function planModeration(wanted: readonly string[], look: ActionLook): Plan {
  const { rule, disposition, facts } = look;
  if (disposition.kind === 'moderate') return planned(`rule "${disposition.rule}" lets it be approved already`);
  return on(facts.client.authenticated ? askSender(look) : found(''), (sender) => {
    const isSender = (address: string): boolean =>
      facts.client.authenticated && (address === sender || address === facts.envelopeSender);
    const moderators = unique(wanted).filter((address) => !isSender(address));
    if (moderators.length === 0) return planned('delivered without approval: the moderator sends it himself');
    const effect = { kind: 'moderate', rule: rule.name, moderators } as const;
    return planned(`by ${listed(moderators)}`, { kind: 'dispose', disposition: effect });
  });
}

export const unique = (addresses: readonly string[]): readonly string[] => [
  ...new Set(addresses.map((address) => address.toLowerCase())),
];
