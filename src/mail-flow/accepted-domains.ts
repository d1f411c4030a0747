/** Which domains are ours, as the settings write them. */
import { matchesDomain, parseDomainPatterns } from '#mail/domain-pattern.ts';

/** Patterns are parsed once for each configuration that was in force. */
export class AcceptedDomains {
  #texts: readonly string[] | undefined;
  #isAccepted: (domain: string) => boolean = () => false;

  by(texts: readonly string[]): (domain: string) => boolean {
    if (texts === this.#texts) return this.#isAccepted;
    const patterns = parseDomainPatterns(texts);
    this.#texts = texts;
    this.#isAccepted = (domain) => patterns.some((pattern) => matchesDomain(pattern, domain));
    return this.#isAccepted;
  }
}
