/**
 * One question until somebody answers it: the resolvers in turn, in rounds. Remembers which of them answered last and nothing
 * else; the cache is in front of it (`wire-resolver.ts`).
 */
import type { Milliseconds } from '#mail/units.ts';
import type { Answer, Failed, RecordContents, RecordType } from './answer.ts';
import { exchange } from './exchange.ts';
import { expandReply } from './expand.ts';
import type { Server } from './servers.ts';
import type { Question } from './wire.ts';

export type Patience = {
  /** For one question to one resolver. */
  readonly timeout: Milliseconds;
  /** Rounds over all resolvers. */
  readonly attempts: number;
};

export class Client {
  readonly #servers: readonly Server[];
  /** Asked first: a resolver that is down would otherwise cost a timeout for each question. */
  #preferred = 0;

  constructor(servers: readonly Server[]) {
    this.#servers = servers;
  }

  /** A failure of one resolver is no answer; a failed validation is one, and no other resolver may undo it. */
  async ask<Type extends RecordType>(
    question: Question & { readonly type: Type },
    { timeout, attempts }: Patience,
  ): Promise<Answer<RecordContents[Type]>> {
    let failure: Failed = { kind: 'failed', why: 'unreachable' };
    const count = this.#servers.length;
    const first = this.#preferred;
    for (let turn = 0; turn < attempts * count; turn += 1) {
      const position = (first + turn) % count;
      const server = this.#servers[position];
      if (server === undefined) break;
      const result = await exchange(server, question, { timeout });
      if (result.kind === 'reply') {
        this.#prefer(position);
        const answer = expandReply(result.reply, question, server.trusted);
        if (answer.kind !== 'failed') return answer;
        failure = answer;
      } else failure = { kind: 'failed', why: result.why };
    }
    return failure;
  }

  /** A resolver whose AD is not believed never takes the first place of one whose AD is: DANE would be off unnoticed. */
  #prefer(position: number): void {
    const isLess = this.#servers[this.#preferred]?.trusted === true && this.#servers[position]?.trusted === false;
    if (!isLess) this.#preferred = position;
  }
}
