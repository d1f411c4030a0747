/** Settings, transactions and sessions for the tests of the SMTP client: each test states only what it is about. */
import assert from 'node:assert/strict';

import type { Connect } from '#tls-policy/decision.ts';
import { openSession, type SessionRequest } from '#outbound/open.ts';
import type { OutboundSettings } from '#outbound/settings.ts';
import type { RecipientResult, Session, Transaction, Trouble } from '#outbound/transaction.ts';
import { decisionFor } from '../doubles/decisions.ts';
import { tlsPolicySettings } from '../doubles/outbound-settings.ts';
import type { ScriptedHost } from '../doubles/scripted-host.ts';

type Outbound = OutboundSettings['outbound'];

const SECOND = 1000;

export function settingsWith(
  change: Partial<Outbound> = {},
  timeouts: Partial<Outbound['timeouts']> = {},
): OutboundSettings {
  const usual = {
    connect: 5 * SECOND,
    greeting: 5 * SECOND,
    command: 5 * SECOND,
    dataStart: 5 * SECOND,
    dataBlock: 5 * SECOND,
    dataEnd: 5 * SECOND,
    transaction: 20 * SECOND,
  };
  return {
    hostname: 'relay.test',
    outbound: {
      port: 25,
      sourceIPv4: '',
      sourceIPv6: '',
      addressFamilies: ['ipv4'],
      connectors: [],
      concurrency: { total: 10, perDestination: 10 },
      reuse: { messages: 100, lifetime: 60 * SECOND, idle: 10 * SECOND },
      hostsPerAttempt: 5,
      recipientsPerTransaction: 100,
      caFile: '',
      crlFiles: [],
      ...change,
      timeouts: { ...usual, ...timeouts },
    },
    tlsPolicy: tlsPolicySettings({
      floor: 'opportunistic',
      ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
    }),
  };
}

export const PREFER: Connect = decisionFor({ kind: 'prefer' });
export const ENCRYPT: Connect = decisionFor({ kind: 'encrypt' });
export const MX_TEST: Connect = decisionFor({ kind: 'authenticate', identity: { kind: 'host', name: 'mx.test' } });

export function requestFor(host: ScriptedHost, change: Partial<SessionRequest> = {}): SessionRequest {
  const implicitTls = host.options.implicitTls === true;
  const endpoint = { host: 'mx.test', ip: host.address, port: host.port, implicitTls };
  return { endpoint, decision: PREFER, settings: settingsWith(), now: () => new Date(), ...change };
}

export async function opened(host: ScriptedHost, change: Partial<SessionRequest> = {}): Promise<Session> {
  const opening = await openSession(requestFor(host, change));
  assert.ok(opening.kind === 'open', opening.kind === 'failed' ? opening.diagnosis.text : '');
  return opening.session;
}

export async function refused(host: ScriptedHost, change: Partial<SessionRequest> = {}): Promise<Trouble> {
  const opening = await openSession(requestFor(host, change));
  assert.ok(opening.kind === 'failed', 'a session opened');
  return opening;
}

export function message(
  recipients: readonly string[],
  content: string | Uint8Array = 'Subject: x\r\n\r\nHello\r\n',
  change: Partial<Transaction> = {},
): Transaction {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return {
    messageId: 'm1',
    envelope: { sender: 'a@from.test', body: '7bit', smtpUtf8: false },
    recipients: recipients.map((address) => ({ address })),
    content: { kind: 'inline', bytes },
    facts: {
      sizeBytes: bytes.length,
      headerBytes: 14,
      eightBit: bytes.some((octet) => octet > 127),
      eightBitHeader: false,
      messageIdField: '',
    },
    ...change,
  };
}

/** `delivered`, `unknown 4.2`, `recipient permanent 1.1`: what a result comes to, in a word. */
export function inShort(result: RecipientResult | Trouble | undefined): string {
  if (result === undefined) return 'nothing';
  if ('kind' in result && result.kind === 'delivered') return 'delivered';
  if ('kind' in result && result.kind === 'unknown') return `unknown ${result.diagnosis.detail}`;
  assert.ok('scope' in result);
  return `${result.scope} ${result.weight} ${result.diagnosis.detail}`;
}

export async function resultsOf(session: Session, transaction: Transaction): Promise<string[]> {
  const { recipients } = await session.transfer(transaction);
  return recipients.map(inShort);
}
