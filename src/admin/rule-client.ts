/** Rules and the audit record, as the running relay tells of them over `rule-routes.ts`: the same desk as without a relay. */
import type { AuditQuery, AuditRecord, AuditStore } from '#audit/store.ts';
import type { RuleChange } from '#config/mail-flow/change-files.ts';
import type { ChangeOutcome, RuleDesk, RuleDetail, RuleListing } from '#mail-flow/rule-desk.ts';
import type { RelayLine } from './relay-line.ts';

/** A change is in force once every process has taken it. */
const CHANGE_TIMEOUT_MS = 120_000;

export class RuleClient implements RuleDesk {
  readonly #line: RelayLine;

  constructor(line: RelayLine) {
    this.#line = line;
  }

  async list(): Promise<RuleListing> {
    return this.#line.ask({ path: '/api/rules' });
  }

  async show(name: string): Promise<RuleDetail | undefined> {
    const response = await this.#line.call({ path: '/api/rules/show', query: { name } });
    return response.status === 404 ? undefined : this.#line.read(response);
  }

  async change({ kind, ...members }: RuleChange, by: string): Promise<ChangeOutcome> {
    const post = { change: kind, by, ...members };
    const response = await this.#line.call({ path: '/api/rules/change', post, timeout: CHANGE_TIMEOUT_MS });
    return this.#line.read(response, 404, 422);
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }
}

export class AuditClient implements Pick<AuditStore, 'list' | 'close'> {
  readonly #line: RelayLine;

  constructor(line: RelayLine) {
    this.#line = line;
  }

  async list({ who, act, subject, below, limit }: AuditQuery): Promise<readonly AuditRecord[]> {
    const conditions = Object.entries({ who, act, subject, below: below?.toString(), limit: String(limit) });
    const given = conditions.filter((pair): pair is [string, string] => pair[1] !== undefined);
    const query = Object.fromEntries(given);
    return (await this.#line.ask<{ entries: readonly AuditRecord[] }>({ path: '/api/audit', query })).entries;
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }
}
