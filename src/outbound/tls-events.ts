/**
 * Tells what TLS a session was to have and what it had. Around the opening of sessions, which itself reports nothing: a
 * session that is used again was told of once.
 */
import type { EventFields, Report } from '#log/events.ts';
import { enhancedStatus } from '#mail/status.ts';
import { decisionKey } from '#tls-policy/decide.ts';
import type { OpenRequest } from './attempt.ts';
import { tlsWords } from './conclusion.ts';
import type { SessionOpening } from './transaction.ts';

export type OpenSession = (request: OpenRequest) => Promise<SessionOpening>;

export function reportingTls(open: OpenSession, report: Report): OpenSession {
  return async (request) => {
    const { endpoint, decision, route } = request;
    const connector = route.connector === undefined ? {} : { connector: route.connector.name };
    const where: EventFields = { mxHost: endpoint.host, ip: endpoint.ip, port: endpoint.port, ...connector };
    const decided: EventFields = { ...where, decision: decision.kind, reason: decisionKey(decision) };
    report('tls.decided', decided);
    const opening = await open(request);
    if (opening.kind === 'open') {
      const { tls } = opening.session;
      // Without TLS nothing was verified: the decision merely preferred it.
      if (tls !== undefined) report('tls.verified', { ...where, decision: decision.kind, tls: tlsWords(tls) });
    } else if (opening.diagnosis.status === 'tls-required') {
      const { detail, text, tls } = opening.diagnosis;
      const status = enhancedStatus('deferred', detail);
      report('tls.failed', { ...where, decision: decision.kind, status, reason: text, tls: tlsWords(tls) });
    }
    return opening;
  };
}
