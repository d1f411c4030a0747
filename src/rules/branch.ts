/** A branch while rules are evaluated: what they do to it, how it is split, and what is left of all branches in the end. Pure. */
import type { Branch, BranchRecipient, Change, DeliveryTerms, Disposition, Notice } from './evaluation.ts';
import type { RecipientFact } from './facts.ts';
import type { Recipient } from './look.ts';

export type OpenBranch = {
  readonly recipients: readonly Recipient[];
  readonly disposition: Disposition;
  readonly changes: readonly Change[];
  readonly terms: DeliveryTerms;
  /** The rule behind which no other is evaluated. */
  readonly endedBy?: string | undefined;
};

type AddedAs = Exclude<NonNullable<BranchRecipient['addedBy']>['as'], 'redirect'>;

/** What an action does. Notices belong to the message, all else to the branch. */
export type Effect =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'add'; readonly rule: string; readonly as: AddedAs; readonly addresses: readonly string[] }
  | { readonly kind: 'redirect'; readonly rule: string; readonly addresses: readonly string[] }
  /** Of dispositions that end a branch the first stands; moderation gives way to them. */
  | { readonly kind: 'dispose'; readonly disposition: Exclude<Disposition, { kind: 'deliver' }> }
  | { readonly kind: 'terms'; readonly terms: DeliveryTerms }
  | { readonly kind: 'notice'; readonly notice: Notice };

export function firstBranch(recipients: readonly RecipientFact[]): OpenBranch {
  const byAddress = new Map(recipients.map((recipient) => [recipient.address, recipient]));
  return {
    recipients: [...byAddress.values()].map(({ address, original }) => ({
      address,
      original,
      of: address,
      covers: [address],
    })),
    disposition: { kind: 'deliver' },
    changes: [],
    terms: {},
  };
}

/** Those for whom a rule holds, and the others. */
export function split(
  branch: OpenBranch,
  matched: ReadonlySet<Recipient>,
): readonly [mine: OpenBranch, others: OpenBranch] {
  const of = (isMine: boolean): OpenBranch => ({
    ...branch,
    recipients: branch.recipients.filter((recipient) => matched.has(recipient) === isMine),
  });
  return [of(true), of(false)];
}

export function withEffect(branch: OpenBranch, effect: Effect): OpenBranch {
  switch (effect.kind) {
    case 'change':
      return { ...branch, changes: [...branch.changes, effect.change] };
    case 'add':
      return withAdded(branch, effect);
    case 'redirect':
      return { ...branch, recipients: standIns(branch, effect) };
    case 'dispose':
      return withDisposition(branch, effect.disposition);
    case 'terms':
      return { ...branch, terms: { ...branch.terms, ...effect.terms } };
    case 'notice':
      return branch;
  }
}

function withDisposition(branch: OpenBranch, disposition: Exclude<Disposition, { kind: 'deliver' }>): OpenBranch {
  const { kind } = branch.disposition;
  if (disposition.kind === 'moderate') return kind === 'deliver' ? { ...branch, disposition } : branch;
  return kind === 'deliver' || kind === 'moderate' ? { ...branch, disposition, endedBy: disposition.rule } : branch;
}

function withAdded(branch: OpenBranch, { rule, as, addresses }: Extract<Effect, { kind: 'add' }>): OpenBranch {
  const added = addresses.map((address) => ({ address, original: address, covers: [], addedBy: { rule, as } }));
  const field = FIELDS[as];
  const changes = field === undefined ? [] : addresses.map((address) => addition(rule, field, address));
  return { ...branch, recipients: [...branch.recipients, ...added], changes: [...branch.changes, ...changes] };
}

const FIELDS = { to: 'To', cc: 'Cc', bcc: undefined } as const satisfies { [as in AddedAs]: 'To' | 'Cc' | undefined };

const addition = (rule: string, field: 'To' | 'Cc', address: string): Change => ({
  rule,
  kind: 'add-recipient',
  field,
  address,
});

/** The first of them covers everybody whom they stand in for, so that each recipient of the message is covered once. */
function standIns(
  branch: OpenBranch,
  { rule, addresses }: Extract<Effect, { kind: 'redirect' }>,
): readonly Recipient[] {
  const covered = branch.recipients.flatMap(({ covers }) => covers);
  const of = branch.recipients.find((recipient) => recipient.of !== undefined)?.of;
  return addresses.map((address, index) => ({
    address,
    original: address,
    of,
    covers: index === 0 ? covered : [],
    addedBy: { rule, as: 'redirect' },
  }));
}

/** Branches of one form become one, and those that nobody is left in are dropped. */
export function finished(branches: readonly OpenBranch[]): readonly Branch[] {
  const groups = Map.groupBy(
    branches.filter(({ recipients }) => recipients.length > 0),
    ({ disposition, changes, terms }) => JSON.stringify([disposition, changes, terms]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { disposition, changes, terms } = first;
    const recipients = group.flatMap((branch) => branch.recipients);
    const originals = recipients.flatMap(({ covers }) => covers);
    return { originals, recipients: distinct(recipients), disposition, changes, terms };
  });
}

/** Who was a recipient from the beginning is none that a rule has added. */
function distinct(recipients: readonly Recipient[]): readonly BranchRecipient[] {
  const byAddress = new Map<string, BranchRecipient>();
  for (const { address, of, addedBy } of recipients) {
    const known = byAddress.get(address);
    if (known === undefined || (known.of === undefined && of !== undefined)) {
      byAddress.set(address, { address, of, addedBy });
    }
  }
  return [...byAddress.values()];
}

/** One notice of a rule where it acted in several branches: for the recipients of all of them. */
export function mergedNotices(notices: readonly Notice[]): readonly Notice[] {
  const groups = Map.groupBy(notices, (notice) => JSON.stringify({ ...notice, recipients: [] }));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : { ...first, recipients: [...new Set(group.flatMap(({ recipients }) => recipients))] };
  });
}
