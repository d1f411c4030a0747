/**
 * Patterns of domains as connectors and accepted domains write them: `example.org`, `*.example.org` or `*`.
 *
 * `*.example.org` holds every subdomain, however deep, but not `example.org` itself: who wants both writes both. A star
 * anywhere else (`mail.*.example.org`, `*example.org`) is no pattern. Not for certificates' names nor MTA-STS, where a
 * star stands for one label.
 */
import { parseDomain } from './domain.ts';

export type DomainPattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'domain'; readonly domain: string }
  /** `suffix` begins with its dot. */
  | { readonly kind: 'subdomains'; readonly suffix: string };

/** Returns `undefined` when `text` is no pattern. Case does not matter and U-labels become A-labels. */
export function parseDomainPattern(text: string): DomainPattern | undefined {
  if (text === '*') return { kind: 'any' };
  const isWildcard = text.startsWith('*.');
  const domain = parseDomain(isWildcard ? text.slice(2) : text);
  if (domain === undefined) return undefined;
  return isWildcard ? { kind: 'subdomains', suffix: `.${domain}` } : { kind: 'domain', domain };
}

/** Throws a `RangeError` that names the first text which is no pattern. */
export function parseDomainPatterns(texts: readonly string[]): readonly DomainPattern[] {
  return texts.map((text) => {
    const pattern = parseDomainPattern(text);
    if (pattern === undefined) throw new RangeError(`"${text}" is no domain, *.domain or *`);
    return pattern;
  });
}

/** `domain` is a `Domain`, an address literal or `''` (the null reverse-path); only `*` holds the last two. */
export function matchesDomain(pattern: DomainPattern, domain: string): boolean {
  switch (pattern.kind) {
    case 'any':
      return true;
    case 'domain':
      return domain === pattern.domain;
    case 'subdomains':
      return domain.length > pattern.suffix.length && domain.endsWith(pattern.suffix);
  }
}

/** How closely the best of the patterns describes the domain: a larger number is closer, 0 is not at all. */
export function closeness(patterns: readonly DomainPattern[], domain: string): number {
  let best = 0;
  for (const pattern of patterns) if (matchesDomain(pattern, domain)) best = Math.max(best, rankOf(pattern));
  return best;
}

function rankOf(pattern: DomainPattern): number {
  if (pattern.kind === 'any') return 1;
  return pattern.kind === 'domain' ? Number.MAX_SAFE_INTEGER : pattern.suffix.length + 1;
}
