/** Reports about mail that a demand for TLS kept back: whose demand, how it failed, who can mend it; and REQUIRETLS of reports. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnose, type Diagnosis, type PolicyEvidence } from '#mail/diagnosis.ts';
import type { StatusName } from '#mail/status.ts';
import { explain } from '#reporting/dsn/explain.ts';
import { expireDiagnosis } from '#reporting/dsn/expiry.ts';
import type { DsnKind } from '#reporting/dsn/wanted.ts';
import { ending, onlyReport, parse, sampleMessage, statusGroups } from './sample.ts';

const STS: PolicyEvidence = {
  kind: 'mta-sts',
  domain: 'd.test',
  detail: 'MX mx9.d.test is not among mx1.d.test, *.d.test',
};
const SHOWN = 'TLSA _25._tcp.mx.d.test 3 1 1 ab12; the host showed EC key 3 1 1 cd34';
const DANE: PolicyEvidence = { kind: 'dane', domain: 'mx.d.test', detail: SHOWN };

const troubled = (status: StatusName, policy: PolicyEvidence, words = ''): Diagnosis => ({
  ...diagnose(status, words),
  policy,
});

type Told = { readonly text: string; readonly fields: readonly string[] };

async function told(diagnosis: Diagnosis, kind: DsnKind = 'failed'): Promise<Told> {
  const { report } = await onlyReport(sampleMessage(), [ending({ kind, diagnosis })]);
  const text = ((await parse(report)).text ?? '').replaceAll(/\n {4}/g, ' ');
  return { text, fields: (await statusGroups(report)).flat() };
}

function assertInOrder(text: string, parts: readonly string[]): void {
  const places = parts.map((part) => text.indexOf(part));
  const inOrder = places.every((place, index) => place > (places[index - 1] ?? -1));
  assert.ok(inOrder, `${JSON.stringify(places)}\n${text}`);
}

describe('a policy of the recipient kept the message back', () => {
  test('DSNG-48 MTA-STS: policy host, mode, MX and reason are named, and who can mend it (RFC 8461 §5)', async () => {
    const { text, fields } = await told(expireDiagnosis(troubled('sts-no-mx', STS)));
    assertInOrder(text, [
      'bob@d.test',
      'What happened: ',
      'publishes an MTA-STS policy',
      'The relay tried until the message was too old.',
      'Which policy: the MTA-STS policy of d.test in the mode enforce, published at mta-sts.d.test',
      'How it failed: MX mx9.d.test is not among mx1.d.test, *.d.test',
      "Who can mend it: The recipient's side: the administrators of mail and DNS of d.test.",
      'What to do: ',
      'MTA-STS policy and their MX records',
    ]);
    assert.ok(fields.includes('Status: 5.4.8'));
  });

  for (const [words, cause] of [
    ['Reason: CertificateExpired', 'Its certificate has expired.'],
    ['Reason: UntrustedRoot', 'Its certificate does not lead to a trusted authority'],
    ['Reason: SubjectMismatch Expected Subject: mx.d.test.', 'Its certificate is made out to another name.'],
  ] as const) {
    test(`DSNG-48 MTA-STS: ${words.slice(0, 24)} is said in plain words`, async () => {
      const { text, fields } = await told(expireDiagnosis(troubled('sts-certificate', STS, words)));
      assert.ok(text.includes(cause), text);
      assert.ok(fields.includes('Status: 5.7.5'));
    });
  }

  test('DSNG-49 DANE: the host, its TLSA records and what it showed are named (RFC 7672 §2.2)', async () => {
    const { text, fields } = await told(expireDiagnosis(troubled('tlsa-invalid', DANE)));
    assertInOrder(text, [
      'publishes in DNSSEC-signed DNS (DANE)',
      'Which policy: the TLSA records (DANE) of mx.d.test, published in its DNSSEC-signed DNS',
      `How it failed: ${SHOWN}`,
      'the administrators of mail and DNS of mx.d.test',
      'TLSA records and the certificate',
    ]);
    assert.ok(fields.includes('Status: 5.7.323'));
  });

  test('DSNG-51 a look-up that fails is told while the message waits: 4.7.5', async () => {
    const policy: PolicyEvidence = { kind: 'dane', domain: 'mx.d.test', detail: 'TLSA of mx.d.test: SERVFAIL' };
    const { text, fields } = await told(troubled('policy-lookup-failed', policy), 'delayed');
    assertInOrder(text, ['could not be delivered yet', 'Which policy: ', 'How it failed: TLSA of mx.d.test: SERVFAIL']);
    assert.ok(fields.includes('Status: 4.7.5') && fields.includes('Action: delayed'));
  });

  test('the name and the detail of a policy cannot forge a line', async () => {
    const { text } = await told(
      troubled('tlsa-invalid', { ...DANE, domain: 'mx.d.test\r\nWhat to do: pay', detail: 'x\nWho can mend it: you' }),
    );
    assert.ok(!/^(?:What to do: pay|Who can mend it: you)/m.test(text), text);
  });
});

describe('a delay notice has the code and the words of its policy while the message waits', () => {
  const cases: [id: string, status: StatusName, code: string][] = [
    ['QUE-03', 'sts-no-mx', '450 4.4.8 MX hosts of the recipient domain failed MTA-STS validation'],
    ['QUE-04', 'sts-certificate', '450 4.7.5 Remote certificate failed MTA-STS validation.'],
    [
      'QUE-01',
      'sts-tls-not-offered',
      '450 4.7.4 Destination mail server must support TLS: its domain has an MTA-STS policy',
    ],
    ['QUE-02', 'policy-lookup-failed', '450 4.7.5 The TLS policy of the destination could not be looked up'],
    [
      'QUE-01',
      'starttls-not-supported',
      '450 4.7.321 starttls-not-supported: Destination mail server must support TLS to receive mail.',
    ],
    [
      'QUE-04',
      'certificate-expired',
      "450 4.7.322 certificate-expired: Destination mail server's certificate is expired.",
    ],
    ['QUE-04', 'tlsa-invalid', '450 4.7.323 tlsa-invalid: The domain failed DANE validation.'],
    [
      'QUE-02',
      'dane-required',
      '450 4.7.323 dane-required: The domain has no usable DANE records, and mail to it needs them.',
    ],
    ['QUE-02', 'dnssec-invalid', '450 4.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records'],
    [
      'QUE-04',
      'certificate-host-mismatch',
      '450 4.7.325 certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name matching the hostname (DANE)',
    ],
  ];
  for (const [id, status, code] of cases) {
    test(`${id} ${status}`, async () => {
      const { fields, text } = await told(troubled(status, status.startsWith('sts') ? STS : DANE), 'delayed');
      assert.ok(fields.includes(`Diagnostic-Code: smtp; ${code}`), fields.join('\n'));
      assert.match(text, /What happened: .*\.\nWhich policy: /);
    });
  }
});

describe('a demand of this side kept the message back', () => {
  const cases: [kind: PolicyEvidence['kind'], domain: string, name: string][] = [
    ['override', 'partner', 'the override partner in the configuration of this relay'],
    ['connector', 'to-contoso', 'the outbound connector to-contoso in the configuration of this relay'],
    ['floor', 'd.test', 'the least protection that this relay is set to send with'],
  ];
  for (const [kind, domain, name] of cases) {
    test(`the ${kind} is named, and that the operator can change it`, async () => {
      const { text } = await told(troubled('tls-required', { kind, domain, detail: 'mx.d.test: no STARTTLS' }));
      assertInOrder(text, [`Which policy: ${name}`, 'What to do: ', 'the operator of this relay can change']);
    });
  }

  for (const [status, code] of [
    ['requiretls-not-offered', '5.7.30'],
    ['requiretls-no-tls', '5.7.10'],
  ] as const) {
    test(`DSNG-50, QUE-05 REQUIRETLS is named as the sender's demand: ${code} (RFC 8689 §4.2.1)`, async () => {
      const policy = { kind: 'requiretls', domain: 'd.test', detail: 'mx.d.test does not offer it' } as const;
      const { text, fields } = await told(troubled(status, policy));
      assertInOrder(text, ['Which policy: REQUIRETLS, demanded by the sender', 'send the message again without']);
      assert.ok(fields.includes(`Status: ${code}`));
    });
  }

  test('a host without REQUIRETLS is no matter of age, even on the last day', () => {
    const last = diagnose('requiretls-not-offered');
    assert.deepEqual(expireDiagnosis(last), last);
  });

  test('what was missing of authenticated TLS is said', () => {
    const diagnosis = diagnose('requiretls-no-tls', '[Message=CertificateExpired]');
    assert.match(explain(diagnosis)?.cause ?? '', /Its certificate has expired\.$/);
  });
});

test('recipients whose mail different policies kept back are explained apart', async () => {
  const other: PolicyEvidence = { ...STS, domain: 'e.test', detail: 'MX mx.e.test is not among mx1.e.test' };
  const { report } = await onlyReport(sampleMessage(), [
    ending({ diagnosis: troubled('sts-no-mx', STS) }),
    ending({ diagnosis: troubled('sts-no-mx', other), recipient: { address: 'eve@e.test' } }),
  ]);
  const text = (await parse(report)).text ?? '';
  assert.equal(text.split('What happened').length, 3);
});

describe('reports about a message that demands TLS (RFC 8689 §5)', () => {
  const demanding = sampleMessage({ envelope: { requireTls: true, returnContent: 'full' } });
  const kinds: [id: string, kind: DsnKind][] = [
    ['REQ-44, DSNG-38', 'failed'],
    ['REQ-47, DSNG-38', 'delayed'],
    ['REQ-54, DSNG-38', 'relayed'],
    ['REQ-54, DSNG-38', 'delivered'],
  ];
  for (const [id, kind] of kinds) {
    test(`${id} a report of kind ${kind} demands it too and returns the header only, whatever RET says`, async () => {
      const recipient = { address: 'bob@d.test', notify: ['success', 'failure', 'delay'] } as const;
      const { report, text } = await onlyReport(demanding, [ending({ kind, recipient })]);
      assert.equal(report.envelope.requireTls, true);
      assert.ok(!text.includes('hello') && !text.includes('message/rfc822'));
      assert.ok(text.includes('Content-Type: text/rfc822-headers'));
    });
  }

  test('DSNG-38 a report about another message demands nothing and follows RET', async () => {
    const plain = sampleMessage({ envelope: { returnContent: 'full' } });
    const { report, text } = await onlyReport(plain, [ending()]);
    assert.equal(report.envelope.requireTls, undefined);
    assert.ok(text.includes('hello'));
  });
});
