/**
 * The whole policy of failure: what a trouble leads to. A pure table; nothing else decides it.
 *
 * Scopes and weights are Postfix's idea: a trouble belongs to a session, a host, a message or a recipient, and trying again
 * can help or not. What TLS policy demands is never a permanent failure before the queue's own limit.
 */
import type { Trouble } from './transaction.ts';

export type Step = 'next-host' | 'defer' | 'fail';

export type Circumstances = {
  /** Hosts of this attempt that have not been tried. */
  readonly hostsLeft: boolean;
  /** An earlier host of this attempt failed in a way that may pass: its word may differ from this host's. */
  readonly othersMayAnswer: boolean;
  /** The message is older than the queue keeps mail. */
  readonly expired: boolean;
};

/** RFC 5321 §5.1 (another host), RFC 5321 §4.5.4.1 (another time), RFC 5321 §6.1 (a report when neither). */
export function nextStep(trouble: Trouble, { hostsLeft, othersMayAnswer, expired }: Circumstances): Step {
  const later: Step = expired ? 'fail' : 'defer';
  const permanent = trouble.weight === 'permanent';
  switch (trouble.scope) {
    case 'session':
      // A 5xx to EHLO or STARTTLS speaks of that host's state, not of the message.
      return hostsLeft ? 'next-host' : later;
    case 'host':
      if (hostsLeft) return 'next-host';
      return permanent && !othersMayAnswer ? 'fail' : later;
    case 'message':
    case 'recipient':
      if (permanent) return 'fail';
      return hostsLeft ? 'next-host' : later;
  }
}

/** True when the trouble says that nobody there can be served now, so that other mail need not try. */
export function restsDestination({ scope, weight }: Trouble): boolean {
  return scope === 'session' || (scope === 'host' && weight === 'transient');
}
