/** What a session can do to its connection; `connection.ts` fulfils it. Types only. */
export type Wire = {
  /** Buffered until all that has arrived is dealt with. */
  send(text: string): void;
  /** Sends what is buffered and closes. */
  close(): void;
  startTls(): void;
  expectDots(): void;
  expectOctets(count: number): void;
  /** Reading goes on after an answer of false. */
  proceed(): void;
};
