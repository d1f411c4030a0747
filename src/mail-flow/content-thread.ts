/**
 * A thread that takes messages apart and evaluates the rules over what it finds: the texts never leave it. Whoever started it ends
 * it when it takes too long or too much.
 */
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { inspect } from '#mime/inspect.ts';
import { compileRules } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { CompiledRuleSet } from '#rules/compile.ts';
import type { ContentAnswer, ContentJob, ContentTerms } from './content-job.ts';
import type { ThreadReply, ThreadRequest } from './thread-pool.ts';
