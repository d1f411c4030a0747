/**
 * Rules tried on a message at hand, without anything being done: what the relay would look at, in this process instead of a thread. Whoever
 * runs it trusts the message not to hold them up for longer than the settings allow.
 */
import type { MailFlowDocuments } from '#config/mail-flow/documents.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { Directory } from '#directory/directory.ts';
import { compileRules } from '#rules/compile.ts';
import type { Trail } from '#rules/evaluation.ts';
import { ContentWork } from './content-work.ts';
import type { ContentAnswer, ContentJob } from './content-job.ts';
import { Evaluator, type Evaluated, type Submission } from './evaluator.ts';
import type { JobResult } from './thread-pool.ts';

export type TrialParts = {
  readonly documents: Pick<MailFlowDocuments, 'ruleSet' | 'customTypes'>;
  readonly config: {
    readonly inbound: Pick<RelayConfig['inbound'], 'acceptedDomains'>;
    readonly mailFlow: Pick<RelayConfig['mailFlow'], 'inspection'>;
  };
  readonly directory: Directory;
  readonly now: () => Date;
};

/** Never rejects for what is in the message. */
export async function tryMessage(submission: Submission, parts: TrialParts): Promise<Evaluated<Trail>> {
  const { documents, config, directory, now } = parts;
  const { acceptedDomains } = config.inbound;
  const { inspection } = config.mailFlow;
  const compiled = compileRules(documents.ruleSet);
  const work = new ContentWork({
    ...documents,
    acceptedDomains,
    limits: { ...inspection, milliseconds: inspection.timeout },
  });
  const evaluator = new Evaluator({
    rules: () => compiled,
    acceptedDomains: () => acceptedDomains,
    directory: () => directory,
    inspect: async (job) => carriedOut(work, job),
    keep: (trail: Trail) => trail,
    now,
  });
  return evaluator.evaluate(submission);
}

/** As a thread answers: what goes wrong is a value there, and the rule's error action decides. */
async function carriedOut(work: ContentWork, job: ContentJob): Promise<JobResult<ContentAnswer<Trail>>> {
  try {
    return { kind: 'done', answer: await work.answer(job) };
  } catch (error) {
    return { kind: 'failed', cause: 'defect', reason: error instanceof Error ? error.message : String(error) };
  }
}
