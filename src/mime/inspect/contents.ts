/**
 * What the readers of formats make of a file: its text, its properties, and the files that are in it. Types, and the few words that all
 * readers use. Which reader is asked is `examiner.ts`'s to say.
 */
import type { InspectionState } from '#mime/inspection.ts';
import { visible } from '#mime/visible.ts';
import type { Budget } from './budget.ts';
import type { FlatText } from './flat-text.ts';

/** A file within a file. */
export type Member = {
  /** Its way within the archive, `''` when it has none. */
  readonly path: string;
  /** Other names that some reader takes for it. */
  readonly otherNames?: readonly string[];
  readonly declaredType?: string;
  readonly charset?: string;
  readonly inline?: boolean;
  /** May throw `LimitReached`. */
  readonly open: () => Opened;
};

export type Opened =
  | { readonly kind: 'open'; readonly octets: Uint8Array; readonly damaged?: boolean }
  /** It cannot be looked into; its size is what the archive claims. */
  | { readonly kind: 'shut'; readonly state: InspectionState; readonly reason: string; readonly sizeBytes: number };

export type Contents = {
  readonly state: InspectionState;
  readonly reason: string;
  readonly text: string;
  readonly properties: { readonly [name: string]: string };
  readonly members: readonly Member[];
  /** What the reader knows better than the first octets told. */
  readonly type?: string | undefined;
  readonly executable?: boolean;
};

export type Source = {
  readonly octets: Uint8Array;
  readonly name: string;
  /** `''` when it is not declared, as the charset. */
  readonly declaredType: string;
  readonly charset: string;
  readonly budget: Budget;
};

export type Reader = (source: Source) => Contents | Promise<Contents>;

const NOTHING: Contents = { state: 'none', reason: '', text: '', properties: {}, members: [] };

/** What a reader has not said is nothing. */
export const contents = (known: Partial<Contents>): Contents => ({ ...NOTHING, ...known });

export const textContents = (text: string, known: Partial<Contents> = {}): Contents =>
  contents({ state: 'text', text, ...known });

export const unsupported = (reason: string, known: Partial<Contents> = {}): Contents =>
  contents({ state: 'unsupported', reason, ...known });

export const encrypted = (known: Partial<Contents> = {}): Contents =>
  contents({ state: 'encrypted', reason: 'a password keeps it shut', ...known });

export const failed = (reason: string, known: Partial<Contents> = {}): Contents =>
  contents({ state: 'failed', reason, ...known });

/** What stopped a reader before the end, if anything did; a limit does so by being thrown. */
export type Ending = {
  readonly shut: boolean;
  readonly damage?: string | undefined;
  readonly limit?: string | undefined;
};

/** Of a document whose text grew in `out`. */
export function documentContents(out: FlatText, known: Partial<Contents>, { shut, damage, limit }: Ending): Contents {
  const { text: written, cut } = out.finish();
  const text = visible(written);
  if (shut) return encrypted({ ...known, text });
  if (limit !== undefined) return contents({ ...known, text, state: 'limit', reason: limit });
  if (damage !== undefined) return failed(damage, { ...known, text });
  return cut ? contents({ ...known, text, state: 'limit', reason: CUT }) : textContents(text, known);
}

export const CUT = 'its text is longer than is looked at';
