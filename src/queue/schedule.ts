/**
 * When to try again, when to tell the sender that mail is late, and when to give up. Pure: time and chance are parameters.
 * What is done then is decided in `outbound/`.
 */
import { matchesDomain, parseDomainPattern } from '#mail/domain-pattern.ts';
import type { QueueSettings, ScheduleSettings } from './settings.ts';
import type { OverdueBounds, OverdueException } from './store.ts';

/** One of `example.org`, `*.example.org` and `*` holds the destination. What is no pattern holds nothing. */
export function matchesAny(patterns: readonly string[], destination: string): boolean {
  return patterns.some((text) => {
    const pattern = parseDomainPattern(text);
    return pattern !== undefined && matchesDomain(pattern, destination);
  });
}

/** The schedule that holds for a destination: the first of the exceptions that names it, over the general one. */
export function scheduleFor(settings: QueueSettings, destination: string): ScheduleSettings {
  const exception = settings.destinations.find(({ domains }) => matchesAny(domains, destination));
  return exception === undefined ? settings : withDefaults(settings, exception);
}

function withDefaults(general: ScheduleSettings, exception: Partial<ScheduleSettings>): ScheduleSettings {
  return {
    retryWaits: exception.retryWaits ?? general.retryWaits,
    jitter: exception.jitter ?? general.jitter,
    expireAfter: exception.expireAfter ?? general.expireAfter,
    delayNoticeAfter: exception.delayNoticeAfter ?? general.delayNoticeAfter,
  };
}

/** The next try after `failures` failed ones (at least 1). `random` is in [0, 1): one half gives the wait itself. */
export function nextRetry(
  { retryWaits, jitter }: ScheduleSettings,
  { failures, now, random }: { failures: number; now: Date; random: number },
): Date {
  const wait = retryWaits[Math.min(failures, retryWaits.length) - 1] ?? 0;
  return new Date(now.getTime() + Math.round(wait * (1 + jitter * (2 * random - 1))));
}

export function isExpired({ expireAfter }: ScheduleSettings, receivedAt: Date, now: Date): boolean {
  return now.getTime() - receivedAt.getTime() >= expireAfter;
}

/** A delay notice is owed, if none was sent; never once the mail has expired, since then a failure is reported. */
export function isLate(schedule: ScheduleSettings, receivedAt: Date, now: Date): boolean {
  const { delayNoticeAfter } = schedule;
  if (delayNoticeAfter === 0 || isExpired(schedule, receivedAt, now)) return false;
  return now.getTime() - receivedAt.getTime() >= delayNoticeAfter;
}

/** What `leaseOverdue` asks for now: mail received up to these times is late, or too old. */
export function overdueBounds(
  settings: QueueSettings,
  now: Date,
): OverdueBounds & { exceptions: readonly OverdueException[] } {
  return {
    ...boundsOf(settings, now),
    exceptions: settings.destinations.map((exception) => ({
      domains: exception.domains,
      ...boundsOf(withDefaults(settings, exception), now),
    })),
  };
}

function boundsOf({ delayNoticeAfter, expireAfter }: ScheduleSettings, now: Date): OverdueBounds {
  const past = (age: number): Date => new Date(now.getTime() - age + 1);
  return {
    noticeBefore: delayNoticeAfter === 0 ? new Date(0) : past(delayNoticeAfter),
    expireBefore: past(expireAfter),
  };
}
