/**
 * Evaluates the rules for one message, and gathers for them only what they ask for: its header and who people are here, what is in it in
 * a thread, since that may be slow and large. Decides nothing itself and changes nothing.
 */
import type { Directory } from '#directory/directory.ts';
import type { Content, ContentFacts as ReceivedFacts } from '#mail/content.ts';
import type { Live } from '#mail/units.ts';
import { readHeader } from '#mime/header.ts';
import { readStart } from '#queue/read-start.ts';
import type { CompiledRuleSet } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Deferred, Evaluation, Trail } from '#rules/evaluation.ts';
import type { ContentFacts, HeaderFacts, MessageFacts, RecipientFact } from '#rules/facts.ts';
import type { PersonFinding } from '#rules/people.ts';
import { AcceptedDomains } from './accepted-domains.ts';
import type { ContentAnswer, ContentJob, PlainFacts } from './content-job.ts';
import type { JobResult } from './thread-pool.ts';
import type { CompactTrail } from './trail.ts';

/** A message as the rules get to see it. */
export type Submission = {
  readonly messageId: string;
  readonly envelopeSender: string;
  readonly recipients: readonly RecipientFact[];
  readonly client: { readonly ip: string; readonly authenticated: boolean };
  readonly content: Content;
  readonly facts: Pick<ReceivedFacts, 'sizeBytes' | 'headerBytes'>;
};

export type EvaluatorParts<Kept> = {
  readonly rules: Live<CompiledRuleSet>;
  readonly acceptedDomains: Live<readonly string[]>;
  readonly directory: Live<Directory>;
  /** Takes the content apart in a thread and evaluates the rules over it there. */
  readonly inspect: (job: ContentJob) => Promise<JobResult<ContentAnswer<Kept>>>;
  /** The form of the trail that is passed on. */
  readonly keep: (trail: Trail) => Kept;
  readonly now: () => Date;
};

/** What came of it, and what was gathered on the way. */
export type Evaluated<Kept = CompactTrail> = {
  readonly result: Evaluation<Kept> | Deferred<Kept>;
  readonly facts: MessageFacts;
};

/** The facts that cost something, as they come together. */
type Gathered = {
  header?: HeaderFacts;
  people?: ReadonlyMap<string, PersonFinding>;
  content?: ContentFacts;
};

export class Evaluator<Kept extends Pick<Trail, 'version'> = CompactTrail> {
  readonly #parts: EvaluatorParts<Kept>;
  readonly #isAccepted = new AcceptedDomains();

  constructor(parts: EvaluatorParts<Kept>) {
    this.#parts = parts;
  }

  /** Rejects only when the content cannot be read from its file. */
  async evaluate(submission: Submission): Promise<Evaluated<Kept>> {
    for (let turn = 1; ; turn += 1) {
      const rules = this.#parts.rules();
      const evaluated = await this.#evaluateBy(rules, submission);
      // Threads have the rules in force; when these are others by now, they need to know of other people.
      if (evaluated.result.trail.version === rules.version) return evaluated;
      if (turn === TURNS) return { ...evaluated, result: this.#later(rules, 'the rules change all the time') };
    }
  }

  async #evaluateBy(rules: CompiledRuleSet, submission: Submission): Promise<Evaluated<Kept>> {
    const plain = plainFacts(submission, this.#parts.now());
    const isAcceptedDomain = this.#isAccepted.by(this.#parts.acceptedDomains());
    const gathered: Gathered = {};
    // Each need is met once: what is still asked for then is a defect of the evaluation.
    for (let round = 0; round < ROUNDS; round += 1) {
      const facts = { ...plain, isAcceptedDomain, ...gathered };
      const result = evaluate(rules, facts);
      if (result.kind !== 'needs') return { result: { ...result, trail: this.#parts.keep(result.trail) }, facts };
      gathered.header ??= readHeader(await readStart(submission.content, submission.facts.headerBytes));
      const goesOn = isForHere(submission, gathered);
      if (result.need === 'header' && goesOn) continue;
      gathered.people ??= await this.#parts.directory().find(peopleIn(submission, gathered.header, rules));
      if (result.need === 'directory' && goesOn) continue;
      const answer = await this.#parts.inspect({ facts: { ...plain, ...gathered }, content: submission.content });
      if (answer.kind === 'done') {
        const { result: made, content } = answer.answer;
        return { result: made, facts: { ...plain, isAcceptedDomain, ...gathered, content } };
      }
      // Nothing is wrong with the message: no rule is to be passed over for it.
      if (answer.cause === 'closed' || answer.cause === 'busy') {
        return { result: this.#later(rules, answer.reason), facts };
      }
      gathered.content = { kind: 'failed', reason: answer.reason };
    }
    throw new TypeError('the rules ask for more than there is');
  }

  #later({ version }: CompiledRuleSet, reason: string): Deferred<Kept> {
    return { kind: 'deferred', rule: '', reason, trail: this.#parts.keep({ version, rules: [] }) };
  }
}

/** Rules that have changed while a message was looked into are begun with so often. */
const TURNS = 3;

/** Larger ones are evaluated where content is looked into, whatever is asked of them. */
const LARGE_HEADER_BYTES = 32 * 1024;

/** Dozens of conditions on a header of hundreds of kilobytes take longer than this thread may be kept from others. */
const isForHere = ({ facts: { headerBytes } }: Submission, { content }: Gathered): boolean =>
  headerBytes <= LARGE_HEADER_BYTES || content !== undefined;

/** One for each of header, people and content, and one when all is there. */
const ROUNDS = 4;

function plainFacts({ messageId, envelopeSender, recipients, client, facts }: Submission, now: Date): PlainFacts {
  const { sizeBytes } = facts;
  return { now, messageId, envelopeSender: envelopeSender.toLowerCase(), recipients, client, sizeBytes };
}

/** Everybody whom a condition may be about; the directory adds their managers. */
export function peopleIn(
  { envelopeSender, recipients }: Pick<Submission, 'envelopeSender' | 'recipients'>,
  { from, to, cc }: HeaderFacts,
  rules: Pick<CompiledRuleSet, 'addresses' | 'asksForNamed'>,
): readonly string[] {
  const named = [
    from,
    envelopeSender.toLowerCase(),
    ...recipients.flatMap(({ address, original }) => [address, original]),
  ];
  const inHeader = rules.asksForNamed ? [...to, ...cc] : [];
  return [...new Set([...named, ...inHeader, ...rules.addresses])].filter((address) => address !== '');
}
