/**
 * The part of an evaluation that needs to know what is in a message: takes it apart, looks for sensitive information, evaluates the
 * rules over all of it. The texts go no further. The relay does it in a thread (`content-thread.ts`), a command in its own process.
 */
import { readFile } from 'node:fs/promises';
import type { Content } from '#mail/content.ts';
import { inspect } from '#mime/inspect.ts';
import { compileRules, type CompiledRuleSet } from '#rules/compile.ts';
import { itemsOf } from '#rules/content-items.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Trail } from '#rules/evaluation.ts';
import type { ContentFacts } from '#rules/facts.ts';
import { compileTypes, type CompiledTypes } from '#rules/sit/compile.ts';
import { detect } from '#rules/sit/detect.ts';
import { AcceptedDomains } from './accepted-domains.ts';
import type { ContentAnswer, ContentJob, ContentTerms, PlainFacts } from './content-job.ts';
import { inspectionWithoutTexts } from './without-texts.ts';

/** Prepared once for as long as the terms are the same. */
export class ContentWork {
  readonly #limits: ContentTerms['limits'];
  readonly #rules: CompiledRuleSet;
  readonly #types: CompiledTypes;
  readonly #isAcceptedDomain: (domain: string) => boolean;

  constructor({ ruleSet, customTypes, acceptedDomains, limits }: ContentTerms) {
    this.#limits = limits;
    this.#rules = compileRules(ruleSet);
    this.#types = compileTypes(this.#rules.informationNames, customTypes);
    this.#isAcceptedDomain = new AcceptedDomains().by(acceptedDomains);
  }

  /** Rejects when the content cannot be read from its file. */
  async answer({ facts, content }: ContentJob): Promise<ContentAnswer<Trail>> {
    const looked = await this.#lookInto(facts, content);
    const result = evaluate(this.#rules, { ...facts, isAcceptedDomain: this.#isAcceptedDomain, content: looked });
    if (result.kind === 'needs') throw new TypeError(`the rules ask for ${result.need}, which there is`);
    const { answers, ...trail } = result.trail;
    const searched = this.#rules.informationNames;
    return {
      result: { ...result, trail },
      content: looked.kind === 'inspected' ? withoutTexts(looked, { searched, answers }) : looked,
    };
  }

  async #lookInto({ header }: PlainFacts, content: Content): Promise<ContentFacts> {
    const octets = content.kind === 'inline' ? content.bytes : await readFile(content.path);
    const inspection = await inspect(octets, this.#limits);
    const items = itemsOf(header?.subject ?? '', inspection);
    return { kind: 'inspected', inspection, information: detect(this.#types, items) };
  }
}

function withoutTexts(
  { inspection, information }: ContentFacts & { readonly kind: 'inspected' },
  known: Pick<ContentFacts & { readonly kind: 'remembered' }, 'searched' | 'answers'>,
): ContentAnswer['content'] {
  return { kind: 'remembered', inspection: inspectionWithoutTexts(inspection), information, ...known };
}
