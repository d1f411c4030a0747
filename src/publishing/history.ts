/**
 * Since when a domain of ours has its policy in testing, and since when it is enforced: how long senders could report what would
 * have failed. Kept in the record store, by whoever looks.
 */
import type { RecordStore } from '#records/store.ts';
import type { StsMode } from '#tls-policy/mta-sts/policy.ts';

export type PolicyHistory = {
  /** `undefined` when it has not been seen in that mode. */
  readonly testingSince: Date | undefined;
  readonly enforcedSince: Date | undefined;
};

const COLLECTION = 'published-policy';
const KEPT_MS = 400 * 86_400_000;

/** Takes down the mode of now and returns what is known with it. A mode that comes back begins anew. */
export async function noteMode(
  store: RecordStore,
  domain: string,
  mode: StsMode | undefined,
  now: Date,
): Promise<PolicyHistory> {
  const known = readHistory((await store.get(COLLECTION, domain))?.value ?? '');
  const history = continued(known, mode, now);
  const value = JSON.stringify(history);
  await store.put(COLLECTION, { key: domain, value, expiresAt: new Date(now.getTime() + KEPT_MS) });
  return history;
}

function continued(known: PolicyHistory, mode: StsMode | undefined, now: Date): PolicyHistory {
  switch (mode) {
    case 'testing':
      return { testingSince: isTesting(known) ? known.testingSince : now, enforcedSince: undefined };
    case 'enforce':
      return { ...known, enforcedSince: known.enforcedSince ?? now };
    case 'none':
    case undefined:
      return { testingSince: undefined, enforcedSince: undefined };
  }
}

const isTesting = ({ testingSince, enforcedSince }: PolicyHistory): boolean =>
  testingSince !== undefined && enforcedSince === undefined;

function readHistory(text: string): PolicyHistory {
  try {
    const value: unknown = JSON.parse(text);
    const { testingSince, enforcedSince }: { testingSince?: unknown; enforcedSince?: unknown } = Object(value);
    return { testingSince: dateOf(testingSince), enforcedSince: dateOf(enforcedSince) };
  } catch {
    return { testingSince: undefined, enforcedSince: undefined }; // none, or one that is damaged
  }
}

function dateOf(value: unknown): Date | undefined {
  const date = typeof value === 'string' ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
