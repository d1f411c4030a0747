/** What MAIL and RCPT say to a host, and what is refused before a word is said; over sockets see `session.test.ts`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { diagnosticText, type TlsEvidence } from '#mail/diagnosis.ts';
import type { Envelope, EnvelopeRecipient } from '#mail/envelope.ts';
import { parseOffers } from '#outbound/ehlo.ts';
import { mailCommand, planTransaction } from '#outbound/plan.ts';
import type { Transaction } from '#outbound/transaction.ts';

const EVIDENCE: TlsEvidence = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authenticated: true };
const ENDPOINT = { host: 'mx.test', ip: '127.0.0.1', port: 25, implicitTls: false };

type Case = {
  readonly offers?: readonly string[];
  readonly envelope?: Partial<Envelope>;
  readonly recipient?: Partial<EnvelopeRecipient>;
  readonly tls?: TlsEvidence | undefined;
};

const plainEnvelope: Envelope = { sender: 'a@from.test', body: '7bit', smtpUtf8: false };

function planOf({ offers = [], envelope = {}, recipient = {}, tls }: Case) {
  const offered = parseOffers({ code: 250, lines: ['mx.test', ...offers] });
  const transaction: Transaction = {
    messageId: 'm1',
    envelope: { ...plainEnvelope, ...envelope },
    recipients: [{ address: 'x@to.test', ...recipient }],
    content: { kind: 'inline', bytes: Buffer.from('x\r\n') },
    facts: { sizeBytes: 3, headerBytes: 3, eightBit: false, eightBitHeader: false, messageIdField: '' },
  };
  return { offered, plan: planTransaction(transaction, offered, { endpoint: ENDPOINT, tls }) };
}

/** The commands, or the trouble in a word. */
function saidTo(one: Case): readonly string[] {
  const { offered, plan } = planOf(one);
  if (plan.kind === 'refused') return [`${plan.scope} ${plan.weight} ${plan.diagnosis.status}`];
  return [mailCommand(plan, 10, false, offered).trimEnd(), ...plan.recipients.map(({ command }) => command.trimEnd())];
}

describe('a message that demands TLS (RFC 8689 §4.2.1)', () => {
  const tagged = { requireTls: true };
  const report = { sender: '', requireTls: true };
  const cases: [rule: string, given: Case, said: string][] = [
    [
      'REQ-21, REQ-33 goes with the demand to a host that offers REQUIRETLS within TLS',
      { offers: ['REQUIRETLS'], envelope: tagged, tls: EVIDENCE },
      'MAIL FROM:<a@from.test> REQUIRETLS',
    ],
    [
      'REQ-32 goes to no host that does not offer it within TLS',
      { offers: ['SIZE', 'DSN'], envelope: tagged, tls: EVIDENCE },
      'host permanent requiretls-not-offered',
    ],
    [
      'REQ-34 is refused for the host, so that the next one is asked',
      { envelope: tagged, tls: EVIDENCE },
      'host permanent requiretls-not-offered',
    ],
    [
      'REQ-35 never goes in clear, whatever the host offers there',
      { offers: ['REQUIRETLS'], envelope: tagged },
      'host permanent requiretls-no-tls',
    ],
    [
      'a keyword that only begins like it is no offer',
      { offers: ['REQUIRETLSX', 'X-REQUIRETLS REQUIRETLS'], envelope: tagged, tls: EVIDENCE },
      'host permanent requiretls-not-offered',
    ],
    [
      'a message without the demand says nothing of it',
      { offers: ['REQUIRETLS'], tls: EVIDENCE },
      'MAIL FROM:<a@from.test>',
    ],
    [
      'REQ-46, REQ-48 a report goes without where it is not offered (RFC 8689 §5)',
      { envelope: report, tls: EVIDENCE },
      'MAIL FROM:<>',
    ],
    ['REQ-46 a report goes in clear where there is nothing else', { envelope: report }, 'MAIL FROM:<>'],
    [
      'REQ-44 a report goes with the demand where it is offered (RFC 8689 §5)',
      { offers: ['REQUIRETLS'], envelope: report, tls: EVIDENCE },
      'MAIL FROM:<> REQUIRETLS',
    ],
    ['REQ-48 a report says nothing of it in clear', { offers: ['REQUIRETLS'], envelope: report }, 'MAIL FROM:<>'],
    [
      'the demand stands beside the other parameters',
      { offers: ['requiretls', 'DSN', 'SIZE'], envelope: { ...tagged, returnContent: 'headers' }, tls: EVIDENCE },
      'MAIL FROM:<a@from.test> RET=HDRS REQUIRETLS SIZE=10',
    ],
  ];
  for (const [rule, given, said] of cases) test(rule, () => assert.equal(saidTo(given)[0], said));

  test('DSNG-50 the diagnosis carries 5.7.30, the host and whose demand it was', () => {
    const { plan } = planOf({ envelope: tagged, tls: EVIDENCE });
    assert.ok(plan.kind === 'refused');
    const { detail, policy, remote, tls } = plan.diagnosis;
    assert.equal(detail, '7.30');
    assert.deepEqual(policy, { kind: 'requiretls', domain: 'to.test', detail: 'mx.test does not offer REQUIRETLS' });
    assert.deepEqual([remote?.host, tls], ['mx.test', EVIDENCE]);
  });

  test('DSNG-50 without TLS it is 5.7.10', () => {
    const { plan } = planOf({ envelope: tagged });
    assert.equal(
      plan.kind === 'refused' ? diagnosticText('failed', plan.diagnosis) : '',
      '550 5.7.10 Encryption needed: the message demands authenticated TLS (REQUIRETLS)',
    );
  });
});

describe('DSN parameters for a host that offers DSN (RFC 3461 §5.2.2)', () => {
  const asked = { offers: ['DSN'], envelope: { returnContent: 'full', envelopeId: 'a b+c=d' } } as const;

  test('DSNP-28 RET, ENVID, NOTIFY and ORCPT go on as they came, encoded again', () => {
    const recipient = { notify: ['success', 'delay'], originalRecipient: 'rfc822;a b+c@d.test' } as const;
    assert.deepEqual(saidTo({ ...asked, recipient }), [
      'MAIL FROM:<a@from.test> RET=FULL ENVID=a+20b+2Bc+3Dd',
      'RCPT TO:<x@to.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+20b+2Bc@d.test',
    ]);
  });

  for (const [what, original, said] of [
    [
      'an address of type utf-8 goes on in the form that needs no SMTPUTF8',
      'utf-8;rené@d.test',
      String.raw`utf-8;ren\x{E9}@d.test`,
    ],
    [
      'one that is in this form already stays so',
      String.raw`utf-8;ren\x{E9}@d.test`,
      String.raw`utf-8;ren\x{E9}@d.test`,
    ],
    ['a type of any atom goes on', 'x!400;a b', 'x!400;a+20b'],
  ] as const) {
    test(`DSNP-28 ${what} (RFC 6533 §3)`, () => {
      const [, rcpt] = saidTo({ ...asked, recipient: { originalRecipient: original } });
      assert.equal(rcpt, `RCPT TO:<x@to.test> ORCPT=${said}`);
    });
  }

  test('NEVER stays NEVER, and no NOTIFY stays none', () => {
    assert.equal(saidTo({ ...asked, recipient: { notify: [] } })[1], 'RCPT TO:<x@to.test> NOTIFY=NEVER');
    assert.equal(saidTo(asked)[1], 'RCPT TO:<x@to.test>');
  });
});
