/**
 * The operator's filter as SQL: conditions and what is bound to them. Addresses may hold `*`; everything else in them is
 * taken literally.
 */
import type { QueueFilter } from '#queue/desk.ts';
import { STATUS_TABLE } from '#mail/status.ts';

export type Condition = { readonly sql: string; readonly values: readonly (string | number)[] };

const STATES = { leased: 'leased = 1', held: 'leased = 0 AND held = 1', waiting: 'leased = 0 AND held = 0' };

export function conditionOf(filter: QueueFilter, now: Date): Condition {
  const { messageId, sender, recipient, domain, olderThan, youngerThan, state, status } = filter;
  const given: (Condition | undefined)[] = [
    messageId === undefined ? undefined : { sql: 'message.id = ?', values: [messageId] },
    sender === undefined ? undefined : like("about ->> '$.envelope.sender'", sender),
    recipient === undefined ? undefined : like('recipient', recipient),
    domain === undefined ? undefined : like('delivery.destination', domain),
    olderThan === undefined ? undefined : { sql: 'delivery.received <= ?', values: [now.getTime() - olderThan] },
    youngerThan === undefined ? undefined : { sql: 'delivery.received >= ?', values: [now.getTime() - youngerThan] },
    state === undefined ? undefined : { sql: STATES[state], values: [] },
    status === undefined ? undefined : statusCondition(status),
  ];
  const conditions = given.filter((condition) => condition !== undefined);
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND ') || 'TRUE',
    values: conditions.flatMap(({ values }) => values),
  };
}

function like(column: string, pattern: string): Condition {
  const escaped = pattern.replaceAll(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%');
  return { sql: String.raw`${column} LIKE ? ESCAPE '\'`, values: [escaped] };
}

/** `4.4.317` or a beginning of it. Of a delivery in the queue the class is 4, but for what an operator has failed. */
function statusCondition(status: string): Condition {
  const [digit = '', ...rest] = status.split('.');
  const detail = rest.join('.');
  if (digit === '5') {
    const { detail: failed } = STATUS_TABLE['operator-failed'];
    return {
      sql: `phase = 2 AND (? = '' OR ? = ? OR ? LIKE ? || '.%')`,
      values: [detail, failed, detail, failed, detail],
    };
  }
  if (digit !== '4') return { sql: 'FALSE', values: [] };
  const sql = `phase < 2 AND last IS NOT NULL AND (? = '' OR last ->> '$.detail' = ? OR last ->> '$.detail' LIKE ? || '.%')`;
  return { sql, values: [detail, detail, detail] };
}
