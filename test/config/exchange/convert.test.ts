/** From what Exchange exports to rule documents: samples in its real forms, and everything that is lost is told. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { convertRule, type Conversion } from '#config/exchange/convert.ts';
import { importText, lossText } from '#config/exchange/import-text.ts';
import { readExchangeFile, type ExchangeReading } from '#config/exchange/read-file.ts';
import { ruleReader } from '#config/mail-flow/read-rule.ts';
import { parseRuleSet } from '#config/mail-flow/rule-set.ts';
import { ruleContext } from '../../doubles/rule-documents.ts';

const parts = { read: ruleReader({ ...ruleContext, lists: new Map() }), isKnownType: ruleContext.isKnownType };

const sample = (name: string): Buffer => readFileSync(new URL(`../../vectors/exchange/${name}`, import.meta.url));

function read(octets: Uint8Array): Extract<ExchangeReading, { kind: 'rules' }> {
  const reading = readExchangeFile(octets);
  assert.ok(reading.kind === 'rules', JSON.stringify(reading));
  return reading;
}

const convert = (octets: Uint8Array): readonly Conversion[] =>
  read(octets).rules.map((rule) => convertRule(rule, parts));

function only(text: string): Conversion {
  const [conversion, ...more] = convert(Buffer.from(text));
  assert.ok(conversion !== undefined && more.length === 0, text);
  return conversion;
}

function converted(conversion: Conversion | undefined): Extract<Conversion, { kind: 'converted' }> {
  assert.ok(conversion?.kind === 'converted', JSON.stringify(conversion));
  return conversion;
}

const losses = (conversion: Conversion | undefined): readonly string[] => conversion?.losses.map(lossText) ?? [];

const version = (number: string, action: string): string =>
  `<version requiredMinVersion="${number}"><commandBlock>New-TransportRule x ${action} $true</commandBlock></version>`;

describe('a rule collection', () => {
  const [disclaimer, cards, encrypt, large] = convert(sample('collection.xml'));

  test('has what its commands say', () => {
    assert.deepEqual(converted(disclaimer).document, {
      name: 'Append company disclaimer',
      fromScope: 'inOrganization',
      exceptIfSubjectOrBodyContainsWords: ['**** Disclaimer'],
      setAuditSeverity: 'doNotAudit',
      applyHtmlDisclaimerFallbackAction: 'ignore',
      applyHtmlDisclaimerText: "<p>**** Disclaimer\n%%DisplayName%%, don\u2019t reply to O'Neill</p>",
    });
    assert.deepEqual(losses(disclaimer), []);
  });

  test('has everything of a rule with many parts', () => {
    const { document, notes, wasEnabled } = converted(cards);
    assert.deepEqual(document, {
      name: 'Cards outside',
      comments: 'PCI',
      activationDate: '2026-01-15T09:00:00.000Z',
      enabled: false,
      mode: 'auditAndNotify',
      ruleErrorAction: 'defer',
      senderAddressLocation: 'headerOrEnvelope',
      sentToScope: 'notInOrganization',
      messageContainsDataClassifications: [
        { name: 'Credit Card Number', minCount: 2, maxCount: 9 },
        { name: 'U.S. Social Security Number (SSN)', minCount: 1, minConfidence: 85 },
      ],
      exceptIfHeaderMatchesMessageHeader: 'X-Reviewed',
      exceptIfHeaderMatchesPatterns: [String.raw`\Ayes\Z`, 'y.s'],
      setAuditSeverity: 'high',
      generateIncidentReport: 'dpo@contoso.com',
      incidentReportContent: ['sender', 'idMatch', 'attachOriginalMail'],
      notifySender: 'rejectUnlessExplicitOverride',
      rejectMessageReasonText: 'No cards.',
      rejectMessageEnhancedStatusCode: '5.7.901',
      stopRuleProcessing: true,
    });
    assert.equal(wasEnabled, false);
    assert.deepEqual(losses(cards), []);
    assert.deepEqual(
      notes.map(({ parameter }) => parameter),
      ['DlpPolicy', 'RuleSubType'],
    );
  });

  test('lets a rule that protected messages come disabled, and says what it has lost', () => {
    const { document, wasEnabled } = converted(encrypt);
    assert.deepEqual(document, {
      name: 'Encrypt for partners',
      recipientDomainIs: ['fabrikam.com', 'litware.com'],
      prependSubject: '[secure] ',
      enabled: false,
    });
    assert.equal(wasEnabled, true);
    assert.match(
      losses(encrypt).join(),
      /^ApplyRightsProtectionTemplate c026002d-\S+: is not carried out: this Postern/,
    );
  });

  test('tells single entries that cannot be carried over, and keeps the others', () => {
    const { document } = converted(large);
    assert.deepEqual(document['sentTo'], ['cfo@contoso.com']);
    assert.deepEqual(document['subjectMatchesPatterns'], ['plain']);
    assert.equal(document['enabled'], false);
    const [pattern = '', person = '', ...more] = losses(large).toSorted().toReversed();
    assert.match(pattern, /^SubjectMatchesPatterns \(\?=look\)ahead: /);
    assert.match(
      person,
      /^SentTo CN=Finance,OU=Groups,DC=contoso,DC=com: is a name in Active Directory; write the address/,
    );
    assert.deepEqual(more, []);
  });

  test('has values in the forms of Exchange', () => {
    const { document } = converted(large);
    assert.equal(document['attachmentSizeOver'], '10MB');
    assert.deepEqual(document['senderADAttributeContainsWords'], {
      city: ['San Francisco', 'Palo Alto'],
      poBox: ['12'],
    });
    assert.deepEqual(document['senderADAttributeMatchesPatterns'], { title: ['a{1,2}'] });
    assert.deepEqual(document['attachmentPropertyContainsWords'], { Impact: ['HBI'] });
    assert.deepEqual([document['sclOver'], document['messageTypeMatches']], [-1, 'oof']);
    assert.deepEqual([document['adComparisonAttribute'], document['adComparisonOperator']], ['department', 'notEqual']);
    assert.deepEqual(document['senderIpRanges'], ['192.0.2.1-192.0.2.9', '2001:db8::/32']);
    assert.deepEqual(
      [document['managerForEvaluatedUser'], document['managerAddresses']],
      ['sender', ['boss@contoso.com']],
    );
  });

  test('may hold rules of older servers, which are told', () => {
    const { passed } = read(sample('collection.xml'));
    assert.deepEqual(
      passed.map(({ what }) => what),
      ['From 2010 (line 30)'],
    );
    assert.match(passed[0]?.why ?? '', /InternalXml/);
  });

  test('may have a rule in the forms of several versions, of which the newest counts', () => {
    const rule = version('15.0.3.0', '-DeleteMessage') + version('15.1.0.0', '-Quarantine');
    const conversion = converted(only(`<rules><rule name="x">${rule}</rule></rules>`));
    assert.deepEqual(conversion.document, { name: 'x', quarantine: true });
  });

  test('may be in UTF-16, as its first line says', () => {
    const text = sample('collection.xml').toString('utf8');
    const octets = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    assert.deepEqual(convert(octets), convert(sample('collection.xml')));
  });
});

describe('what ConvertTo-Json writes', () => {
  test('comes in the order of priorities, with all that is not used left out', () => {
    const [cards, tag, ...more] = convert(sample('get-transport-rule.json'));
    assert.deepEqual(more, []);
    assert.deepEqual(converted(tag).document, {
      comments: 'First line\r\nsecond line',
      activationDate: '2026-01-01T00:00:00.000Z',
      expiryDate: '2026-12-31T23:59:59.000Z',
      fromScope: 'notInOrganization',
      sentTo: ['a@contoso.com', 'b@contoso.com'],
      subjectContainsWords: ['$100', 'invoice'],
      exceptIfSubjectContainsWords: ['one word'],
      exceptIfSCLOver: 5,
      prependSubject: 'EXTERNAL: ',
      setAuditSeverity: 'medium',
      name: 'External tag',
    });
    assert.deepEqual(converted(cards).document, {
      enabled: false,
      mode: 'audit',
      name: 'Cards',
      messageContainsDataClassifications: [{ name: 'Credit Card Number', minCount: 2 }],
      generateIncidentReport: 'dpo@contoso.com',
      incidentReportContent: ['sender', 'cc', 'attachOriginalMail'],
    });
    assert.deepEqual([losses(cards), losses(tag)], [[], []]);
  });

  test('may be one rule alone, a list within an object, or UTF-16 of a redirection', () => {
    const rule = { Name: 'x', Quarantine: true };
    const forms = [rule, [rule], { value: [rule], Count: 1 }].map((form) => JSON.stringify(form));
    const octets = [...forms.map((form) => Buffer.from(form)), Buffer.from(`\ufeff${forms[0]}`, 'utf16le')];
    for (const form of octets) {
      assert.deepEqual(
        convert(form).map((one) => converted(one).document),
        [{ name: 'x', quarantine: true }],
      );
    }
  });

  test('may have lost values on the way, which are told', () => {
    const rule = { Name: 'x', From: [{ Depth: 'too deep' }], Mode: 1, DeleteMessage: true, Priority: '0' };
    const conversion = only(JSON.stringify(rule));
    assert.deepEqual(converted(conversion).document, { name: 'x', deleteMessage: true, enabled: false });
    assert.match(
      losses(conversion).join(),
      /^From .*too deep.*: holds a value that is no text.*,Mode 1: must be one of/,
    );
  });

  test('that is no rule is told', () => {
    const { passed } = read(Buffer.from(JSON.stringify([{ Name: 'x', Quarantine: true }, 5, { Identity: 'y' }])));
    assert.deepEqual(
      passed.map(({ what }) => what),
      ['entry 2', 'entry 3'],
    );
  });
});

describe('a script', () => {
  const { rules, passed } = read(sample('rules.ps1'));
  const [executables, partners] = rules.map((rule) => convertRule(rule, parts));

  test('has rules in its commands, and others are told', () => {
    assert.deepEqual(converted(executables).document, {
      name: 'Block executables',
      attachmentHasExecutableContent: true,
      rejectMessageReasonText: 'Programs are "not" taken.',
      rejectMessageEnhancedStatusCode: '5.7.910',
    });
    assert.deepEqual(
      passed.map(({ what }) => what),
      ['line 8: $partners', 'line 10: Set-TransportRule'],
    );
  });

  test('may use variables, whose values are not there', () => {
    assert.deepEqual(converted(partners).document, {
      name: 'Partners',
      routeMessageOutboundRequireTls: true,
      enabled: false,
    });
    assert.match(losses(partners).join(), /^RecipientDomainIs .*: holds a value that is no text/);
  });
});

for (const [written, reason] of [
  ['-SenderInRecipientList Allow', /reserved by Microsoft/],
  ['-ExceptIfHasSenderOverride $true', /policy tips/],
  ['-UseLegacyRegex $true', /regular expressions/],
  ['-ApplyOME $true', /no message protection yet/],
  ['-RouteMessageOutboundConnector elsewhere', /outbound\.connectors/],
  ["-MessageContainsDataClassifications @{Name='Unheard of'}", /type of sensitive information/],
  ['-SubjektContainsWords a', /did you mean SubjectContainsWords/],
  ['-SentToScope ExternalPartner', /inOrganization, notInOrganization/],
  ["-SenderADAttributeContainsWords 'Sales'", /a colon in front/],
  ["-ActivationDate '31.12.2026'", /is no date/],
  ["-ExpiryDate '1/1/2026' -ActivationDate '2/1/2026'", /later than activationDate/],
  ['-SetHeaderName X-A', /needs setHeaderValue/],
  ['-RedirectMessageTo a@x.test', /cannot stand in one rule with/],
] as const) {
  test(`a rule that loses ${written} comes disabled`, () => {
    const conversion = only(`New-TransportRule -Name x -Quarantine $true ${written}`);
    assert.equal(converted(conversion).document['enabled'], false);
    assert.match(losses(conversion).join('\n'), reason);
    assert.equal(conversion.losses.length, 1);
  });
}

for (const [written, iso] of [
  ['12/31/2026', '2026-12-31T00:00:00.000Z'],
  ['1/2/2026 12:30:00 AM', '2026-01-02T00:30:00.000Z'],
  ['1/2/2026 12:30 PM', '2026-01-02T12:30:00.000Z'],
  ['1/2/2026 9:05:07 PM', '2026-01-02T21:05:07.000Z'],
  ['2026-01-02T09:00:00.1234567+02:00', '2026-01-02T07:00:00.123Z'],
  ['2026-01-02', '2026-01-02T00:00:00.000Z'],
  ['/Date(1767312000000+0100)/', '2026-01-02T00:00:00.000Z'],
] as const) {
  test(`${written} is a moment`, () => {
    const conversion = converted(only(`New-TransportRule -Name x -Quarantine $true -ActivationDate '${written}'`));
    assert.equal(conversion.document['activationDate'], iso);
  });
}

test('a text that begins as the name of a list does is no list', () => {
  const conversion = converted(only("New-TransportRule -Name x -Quarantine $true -SubjectContainsWords '$partners'"));
  assert.deepEqual(conversion.document, { name: 'x', quarantine: true, subjectContainsWords: ['$$partners'] });
});

test('parameters that are not used are no loss', () => {
  const unused =
    '-SentTo $null -ApplyOME $false -UseLegacyRegex $false -RuleSubType None -From @() -Priority 4 -WhatIf';
  const conversion = converted(only(`New-TransportRule -Name x -Quarantine $true ${unused}`));
  assert.deepEqual([conversion.losses, conversion.notes], [[], []]);
  assert.deepEqual(conversion.document, { name: 'x', quarantine: true });
});

test('a rule that does nothing any more comes disabled', () => {
  const conversion = only('New-TransportRule -Name x -From a@x.test -RemoveOMEv2 $true');
  assert.deepEqual(converted(conversion).document, { name: 'x', from: ['a@x.test'], enabled: false });
});

test('a rule without a name that can be used is left out and told', () => {
  for (const text of [
    'New-TransportRule -Quarantine $true',
    `New-TransportRule -Name ${'x'.repeat(65)} -Quarantine $true`,
    'New-TransportRule -Name $name -Quarantine $true',
  ]) {
    const conversion = only(text);
    assert.equal(conversion.kind, 'left-out');
    assert.match(losses(conversion).join('\n'), /is missing|at most 64|no text/);
  }
});

test('a rule that is too large is left out and told', () => {
  const words = Array.from({ length: 100 }, (_, index) => `'${String(index).padEnd(100, 'x')}'`).join(',');
  const conversion = only(`New-TransportRule -Name x -Quarantine $true -SubjectContainsWords ${words}`);
  assert.equal(conversion.kind, 'left-out');
  assert.match(losses(conversion).join(), /at most 8192 characters/);
});

test('a rule of many times that size is left out at once, whatever else is wrong with it', () => {
  const from = Array.from({ length: 100_000 }, () => 'nobody');
  const conversion = only(JSON.stringify({ Name: 'x', From: from, Quarantine: true }));
  assert.equal(conversion.kind, 'left-out');
  assert.match(losses(conversion).join(), /^is too large: it has \d+ characters$/);
});

test('a file of more rules than there can be is refused', () => {
  const line = 'New-TransportRule x -Quarantine $true\n';
  assert.equal(readExchangeFile(Buffer.from(line.repeat(1000))).kind, 'rules');
  assert.deepEqual(readExchangeFile(Buffer.from(line.repeat(1001))), {
    kind: 'broken',
    message: 'holds more than 1000 rules',
  });
});

test('what is no export is refused in words', () => {
  for (const [octets, reason] of [
    ['', /holds no rules: it must be/],
    ['Get-TransportRule', /holds no rules: it must be/],
    ['<a/>', /holds no rules/],
    ['<rules>', /is not valid XML/],
    ['<!DOCTYPE a [<!ENTITY b "c">]><a/>', /document type/],
    ['[{]', /is not valid JSON/],
    ['[]', /holds no rules/],
    [Buffer.from([0x80, 0x81]), /no text in UTF-8/],
  ] as const) {
    const reading = readExchangeFile(Buffer.from(octets));
    assert.ok(reading.kind === 'broken', String(octets));
    assert.match(reading.message, reason);
  }
});

test('the file that is written loads, with what was lost in front of each rule', () => {
  const conversions = convert(sample('collection.xml')).map(converted);
  const text = importText(conversions);
  const reading = parseRuleSet([{ file: 'imported.yaml', text }], ruleContext);
  assert.ok(reading.kind === 'loaded', JSON.stringify(reading));
  assert.deepEqual(
    reading.ruleSet.rules.map(({ name, enabled }) => [name, enabled]),
    [
      ['Append company disclaimer', true],
      ['Cards outside', false],
      ['Encrypt for partners', false],
      ['Large to managers', false],
    ],
  );
  assert.match(
    text,
    /\n {2}# Disabled, though it was enabled in Exchange: .*\n {2}# {3}ApplyRightsProtectionTemplate c026\S+: is not .*\n {2}- name: Encrypt for partners\n/,
  );
  assert.match(
    text,
    /\n {2}# Left out: DlpPolicy 3f2504e0-\S+: .*\n {2}# Left out: RuleSubType Dlp: .*\n {2}- name: Cards/,
  );
});

test('nothing that was lost can become a part of the rule', () => {
  const conversion = converted(only(`New-TransportRule -Name x -Quarantine $true -ApplyOME 'a\n  - name: y'`));
  const reading = parseRuleSet([{ file: 'imported.yaml', text: importText([conversion]) }], ruleContext);
  assert.deepEqual(reading.kind === 'loaded' && reading.ruleSet.rules.map(({ name }) => name), ['x']);
});
