/** What is asked of the record store's thread and what it answers. Times are milliseconds since 1970. */
export type WireRecord = {
  readonly key: string;
  readonly value: string;
  readonly count: number;
  readonly expires: number;
};

/** Each request brings the time with it: what has expired by then is not there. */
export type RecordRequest =
  | { readonly kind: 'get'; readonly now: number; readonly collection: string; readonly key: string }
  | { readonly kind: 'put'; readonly now: number; readonly collection: string; readonly record: WireRecord }
  | {
      readonly kind: 'add';
      readonly now: number;
      readonly collection: string;
      readonly additions: readonly WireRecord[];
    }
  | { readonly kind: 'remove'; readonly now: number; readonly collection: string; readonly keys: readonly string[] }
  | {
      readonly kind: 'list';
      readonly now: number;
      readonly collection: string;
      readonly prefix: string;
      /** The first key that may be in the list. */
      readonly from: string;
      readonly limit: number;
    }
  | { readonly kind: 'prune'; readonly now: number };

export type RecordAnswers = {
  readonly get: WireRecord | null;
  readonly put: null;
  readonly add: null;
  readonly remove: null;
  readonly list: readonly WireRecord[];
  /** Records removed in this step, and whether there may be more. */
  readonly prune: { readonly removed: number; readonly more: boolean };
};

export type RecordAnswer = RecordAnswers[keyof RecordAnswers];
