/**
 * What a host offers in its reply to EHLO (RFC 5321 §4.1.1.1). Each line is one keyword and its parameters; a keyword
 * elsewhere in a line is no offer.
 */
import type { Reply } from './reply.ts';

export type Offers = {
  readonly startTls: boolean;
  readonly pipelining: boolean;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly chunking: boolean;
  /** RFC 8689 §2; worth something only within TLS. */
  readonly requireTls: boolean;
  /** SIZE is understood in MAIL. */
  readonly size: boolean;
  /** The largest message that the host takes; `undefined` when it names no limit. */
  readonly sizeLimitBytes: number | undefined;
  /** Mechanisms in upper case. */
  readonly auth: readonly string[];
};

export function parseOffers({ lines }: Reply): Offers {
  const offers = new Map<string, readonly string[]>();
  // The first line is the host's greeting, whatever words it holds.
  for (const line of lines.slice(1)) {
    const [keyword = '', ...parameters] = line
      .trim()
      .toUpperCase()
      .split(/[ \t]+/);
    if (!offers.has(keyword)) offers.set(keyword, parameters);
  }
  return {
    startTls: offers.has('STARTTLS'),
    pipelining: offers.has('PIPELINING'),
    eightBitMime: offers.has('8BITMIME'),
    smtpUtf8: offers.has('SMTPUTF8'),
    dsn: offers.has('DSN'),
    chunking: offers.has('CHUNKING'),
    requireTls: offers.has('REQUIRETLS'),
    size: offers.has('SIZE'),
    sizeLimitBytes: parseSize(offers.get('SIZE')?.[0]),
    auth: offers.get('AUTH') ?? [],
  };
}

/** A host that knows only HELO offers nothing. */
export const NO_OFFERS: Offers = parseOffers({ code: 250, lines: [] });

/** RFC 1870 §4: zero means that there is no fixed limit. */
function parseSize(text = ''): number | undefined {
  const limit = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return limit === 0 ? undefined : limit;
}
