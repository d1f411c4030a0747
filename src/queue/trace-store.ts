/**
 * What became of messages: the records behind `postern trace`, kept when the message itself is long gone. A record is a
 * reported event about a message; records reach the disk in groups, after the queue itself.
 */
export type TraceRecord = {
  readonly at: Date;
  readonly messageId: string;
  readonly event: string;
  readonly fields: { readonly [name: string]: string | number | boolean };
  /** Addresses (sender, recipients) and the Message-ID field's value under which the message can be found. */
  readonly subjects?: readonly string[] | undefined;
};

/** Reading alone: any process may, whether or not the relay runs. */
export interface TraceReader {
  /** Records of every message that the subject (queue id, Message-ID or address) names, oldest first. */
  find(subject: string, limit: number): Promise<readonly TraceRecord[]>;
  close(): Promise<void>;
}

export interface TraceStore extends TraceReader {
  /** Never rejects and never waits for the disk: a lost trace record must not hold mail up. */
  append(record: TraceRecord): void;
  /** Removes what is older; returns the number of messages removed. */
  prune(before: Date): Promise<number>;
}
