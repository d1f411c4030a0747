import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import {
  policyLines,
  readPolicy,
  readPolicyStrictly,
  writePolicy,
  type PolicyReading,
  type StsPolicy,
} from '#tls-policy/mta-sts/policy.ts';

const BASE = ['version: STSv1', 'mode: enforce', 'mx: mx1.dest.test', 'max_age: 86400'];
const POLICY: StsPolicy = { mode: 'enforce', mx: ['mx1.dest.test'], maxAgeS: 86_400 };

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The base text with the lines of one key replaced; none of them leaves the key out. */
function withKey(key: string, ...lines: readonly string[]): string {
  return BASE.flatMap((line) => (line.startsWith(`${key}:`) ? lines : [line]))
    .map((line) => `${line}\n`)
    .join('');
}

const withLine = (line: string): string => `${BASE.join('\n')}\n${line}\n`;

function policyOf(reading: PolicyReading): StsPolicy | undefined {
  return reading.kind === 'policy' ? reading.policy : undefined;
}

const warningsOf = (text: string): readonly string[] => {
  const reading = readPolicy(octets(text));
  assert.equal(reading.kind, 'policy');
  return reading.kind === 'policy' ? reading.warnings.map((flaw) => `${flaw.severity} ${flaw.line} ${flaw.text}`) : [];
};

describe('a policy is read', () => {
  const cases: readonly (readonly [title: string, text: string, expected: Partial<StsPolicy>])[] = [
    ['POL-01 with LF (RFC 8461 §3.2)', `${BASE.join('\n')}\n`, {}],
    ['POL-02 with CRLF (RFC 8461 §3.2)', `${BASE.join('\r\n')}\r\n`, {}],
    ['POL-03 with both (RFC 8461 §3.2)', 'version: STSv1\r\nmode: enforce\nmx: mx1.dest.test\r\nmax_age: 86400\n', {}],
    ['without a line end at the end (RFC 8461 §3.2)', BASE.join('\n'), {}],
    ['in any order (RFC 8461 §3.2)', `${BASE.toReversed().join('\n')}\n`, {}],
    ['without blanks (RFC 8461 §3.2)', `${BASE.join('\n').replaceAll(' ', '')}\n`, {}],
    ['with blanks at the ends of lines (RFC 8461 §3.2)', `${BASE.join(' \t\n')} \n`, {}],
    ['POL-07 with a TAB after the colon (RFC 8461 §3.2)', withKey('mode', 'mode:\tenforce'), {}],
    ['POL-07 with all kinds of blanks (RFC 8461 §3.2)', withKey('mx', 'mx:  \t  *.dest.test'), { mx: ['*.dest.test'] }],
    ['POL-11 with an empty line, which is forgiven', withKey('mode', '', 'mode: enforce'), {}],
    ['with an empty line at the beginning, which is forgiven', `\n${BASE.join('\n')}\n`, {}],
    ['POL-12 with empty lines at the end', withLine('\n\n'), {}],
    ['POL-19 of mode testing (RFC 8461 §3.2)', withKey('mode', 'mode: testing'), { mode: 'testing' }],
    ['of mode none (RFC 8461 §3.2)', withKey('mode', 'mode: none'), { mode: 'none' }],
    ['of mode none without hosts (RFC 8461 §3.2)', withKey('mx').replace('enforce', 'none'), { mode: 'none', mx: [] }],
    ['POL-26 with max_age 0 (RFC 8461 §3.2)', withKey('max_age', 'max_age: 0'), { maxAgeS: 0 }],
    [
      'POL-27 with a max_age of a year (RFC 8461 §3.2)',
      withKey('max_age', 'max_age: 31557600'),
      { maxAgeS: 31_557_600 },
    ],
    ['POL-28 with a larger max_age, which is cut', withKey('max_age', 'max_age: 31557601'), { maxAgeS: 31_557_600 }],
    [
      'POL-28 with the largest max_age, which is cut',
      withKey('max_age', 'max_age: 9999999999'),
      { maxAgeS: 31_557_600 },
    ],
    ['POL-30 with zeros before max_age (RFC 8461 §3.2)', withKey('max_age', 'max_age: 0086400'), {}],
    ['POL-33 with two modes: the first counts (RFC 8461 §3.2)', withKey('mode', 'mode: enforce', 'mode: none'), {}],
    ['with a second mode that is none (RFC 8461 §3.2)', withKey('mode', 'mode: enforce', 'mode: bad'), {}],
    ['with two versions: the first counts (RFC 8461 §3.2)', withLine('version: STSv2'), {}],
    [
      'POL-35 with two max_age: the first counts (RFC 8461 §3.2)',
      withKey('max_age', 'max_age: 60', 'max_age: 86400'),
      { maxAgeS: 60 },
    ],
    ['with several hosts (RFC 8461 §3.2)', withLine('mx: *.b.test'), { mx: ['mx1.dest.test', '*.b.test'] }],
    ['with a host named twice', withLine('mx: MX1.dest.test'), {}],
    ['POL-41 with a wildcard (RFC 8461 §3.2)', withKey('mx', 'mx: *.dest.test'), { mx: ['*.dest.test'] }],
    ['with a wildcard below a top-level domain (RFC 8461 §3.2)', withKey('mx', 'mx: *.test'), { mx: ['*.test'] }],
    ['with a host of one label (RFC 8461 §3.2)', withKey('mx', 'mx: localhost'), { mx: ['localhost'] }],
    ['with A-labels (RFC 8461 §3.2)', withKey('mx', 'mx: *.xn--bcher-kva.test'), { mx: ['*.xn--bcher-kva.test'] }],
    ['POL-44 with a final dot, which is dropped', withKey('mx', 'mx: mx1.dest.test.'), {}],
    ['POL-45 with capital letters (RFC 8461 §4.1)', withKey('mx', 'mx: MX1.Dest.Test'), {}],
    ['POL-46 with an address, which is dropped', withLine('mx: 192.0.2.1'), {}],
    ['with what connecting programs take for an address, which is dropped', withLine('mx: 0x7f.1'), {}],
    ['POL-50 with an underscore', withKey('mx', 'mx: mx_1.dest.test'), { mx: ['mx_1.dest.test'] }],
    ['POL-54 with an unknown key (RFC 8461 §3.2)', withLine('more: ext e  ns ion'), {}],
    ['with keys that differ in case, which are others (RFC 8461 §3.2)', withLine('MX: other.test\nMode: none'), {}],
    ['with an unknown key and a value outside ASCII (RFC 8461 §3.2)', withLine('note: gr\u00fc\u00dfe \u{1f4ec}'), {}],
    ['POL-56 with colons in a value (RFC 8461 §3.2)', withLine('ref: https://a.test:8443/x'), {}],
    ['POL-60 with a key of 32 characters (RFC 8461 §3.2)', withLine(`${'a'.repeat(32)}: 1`), {}],
  ];
  for (const [title, text, expected] of cases) {
    test(title, () => assert.deepEqual(policyOf(readPolicy(octets(text))), { ...POLICY, ...expected }));
  }

  test('POL-69 with 300 hosts (RFC 8461 §3.2)', () => {
    const hosts = Array.from({ length: 300 }, (_, at) => `mx${at}.${'long-label.'.repeat(10)}dest.test`);
    const text = withKey('mx', ...hosts.map((host) => `mx: ${host}`));
    assert.ok(text.length > 30_000 && text.length < 65_536);
    assert.deepEqual(policyOf(readPolicy(octets(text)))?.mx, hosts);
  });
});

describe('a policy is invalid', () => {
  const cases: readonly (readonly [title: string, text: string])[] = [
    ['POL-09 with a blank before the colon (RFC 8461 §3.2)', withKey('version', 'version : STSv1')],
    ['POL-10 with a blank before a key (RFC 8461 §3.2)', withKey('mode', ' mode: enforce')],
    ['POL-13 without a version (RFC 8461 §3.2)', withKey('version')],
    ['of another version (RFC 8461 §3.2)', withKey('version', 'version: STSv2')],
    ['of a version in another case (RFC 8461 §3.2)', withKey('version', 'version: stsv1')],
    ['with a key in another case (RFC 8461 §3.2)', withKey('version', 'Version: STSv1')],
    ['of another version first (RFC 8461 §3.2)', withKey('version', 'version: STSv2', 'version: STSv1')],
    ['POL-16 without a mode (RFC 8461 §3.2)', withKey('mode')],
    ['POL-17 with a mode in another case (RFC 8461 §3.2)', withKey('mode', 'mode: Enforce')],
    ['POL-17 with a mode in capital letters (RFC 8461 §3.2)', withKey('mode', 'mode: ENFORCE')],
    ['POL-18 with the mode report (RFC 8461 §3.2)', withKey('mode', 'mode: report')],
    ['POL-18 with an unknown mode (RFC 8461 §3.2)', withKey('mode', 'mode: bad')],
    ['POL-18 with an empty mode (RFC 8461 §3.2)', withKey('mode', 'mode:')],
    ['with an unknown mode first (RFC 8461 §3.2)', withKey('mode', 'mode: bad', 'mode: enforce')],
    ['POL-22 of mode none without max_age (RFC 8461 §3.2)', withKey('max_age').replace('enforce', 'none')],
    ['of mode enforce without hosts (RFC 8461 §3.2)', withKey('mx')],
    ['of mode testing without hosts (RFC 8461 §3.2)', withKey('mx').replace('enforce', 'testing')],
    ['with no host but addresses', withKey('mx', 'mx: 192.0.2.1', 'mx: 192.0.2.2')],
    ['POL-25 without max_age (RFC 8461 §3.2)', withKey('max_age')],
    ['POL-29 with a max_age of 11 digits (RFC 8461 §3.2)', withKey('max_age', 'max_age: 01234567890')],
    ['POL-29 with a max_age that is 11 digits large (RFC 8461 §3.2)', withKey('max_age', 'max_age: 99999999999')],
    ['with a negative max_age (RFC 8461 §3.2)', withKey('max_age', 'max_age: -1')],
    ['with a max_age that has a sign (RFC 8461 §3.2)', withKey('max_age', 'max_age: +86400')],
    ['with a broken max_age (RFC 8461 §3.2)', withKey('max_age', 'max_age: 1.5')],
    ['with a unit in max_age (RFC 8461 §3.2)', withKey('max_age', 'max_age: 1d')],
    ['with an empty max_age (RFC 8461 §3.2)', withKey('max_age', 'max_age:')],
    ['POL-32 with digits of another script (RFC 8461 §3.2)', withKey('max_age', 'max_age: \uff11\uff12')],
    ['POL-40 with hosts and a comma in one line (RFC 8461 §3.2)', withKey('mx', 'mx: a.test, b.test')],
    ['POL-40 with two hosts in one line (RFC 8461 §3.2)', withKey('mx', 'mx: a.test b.test')],
    ['with a star alone (RFC 8461 §3.2)', withKey('mx', 'mx: *')],
    ['with a wildcard of nothing (RFC 8461 §3.2)', withKey('mx', 'mx: *.')],
    ['with two wildcards (RFC 8461 §3.2)', withKey('mx', 'mx: *.*.test')],
    ['with a star within a label (RFC 8461 §3.2)', withKey('mx', 'mx: mx*.dest.test')],
    ['MXM-12 with a star within a name (RFC 8461 §3.2)', withKey('mx', 'mx: abc.*.test')],
    ['with a dot before a host (RFC 8461 §3.2)', withKey('mx', 'mx: .dest.test')],
    ['with an empty label (RFC 8461 §3.2)', withKey('mx', 'mx: mx1..dest.test')],
    ['with two final dots (RFC 8461 §3.2)', withKey('mx', 'mx: mx1.dest.test..')],
    ['POL-47 with an address literal (RFC 8461 §3.2)', withKey('mx', 'mx: [192.0.2.1]')],
    ['with an IPv6 address (RFC 8461 §3.2)', withKey('mx', 'mx: 2001:db8::1')],
    ['with a host and a port (RFC 8461 §3.2)', withKey('mx', 'mx: mx1.dest.test:25')],
    ['with U-labels (RFC 8461 §3.2)', withKey('mx', 'mx: b\u00fccher.test')],
    ['POL-51 with a hyphen at the end of a label (RFC 8461 §3.2)', withKey('mx', 'mx: test.dest-')],
    ['POL-51 with a hyphen at the beginning of a label (RFC 8461 §3.2)', withKey('mx', 'mx: -a.test')],
    ['with a label of 64 characters (RFC 8461 §3.2)', withKey('mx', `mx: ${'a'.repeat(64)}.test`)],
    ['with a host of 254 characters (RFC 8461 §3.2)', withKey('mx', `mx: ${'a.'.repeat(125)}test`)],
    ['POL-53 with an empty host (RFC 8461 §3.2)', withKey('mx', 'mx:')],
    ['with one good and one bad host (RFC 8461 §3.2)', withLine('mx: -a.test')],
    ['of mode none with a bad host (RFC 8461 §3.2)', withKey('mx', 'mx: -a.test').replace('enforce', 'none')],
    ['POL-57 with an unknown key without a value (RFC 8461 §3.2)', withLine('ext:')],
    ['with an unknown key and a value of blanks (RFC 8461 §3.2)', withLine('ext: \t ')],
    ['POL-58 with a key that begins with an underscore (RFC 8461 §3.2)', withLine('_bad: test')],
    ['POL-59 with a blank in a key (RFC 8461 §3.2)', withLine('foo bar: baz')],
    ['POL-60 with a key of 33 characters (RFC 8461 §3.2)', withLine(`${'a'.repeat(33)}: 1`)],
    ['POL-61 with a line without a colon (RFC 8461 §3.2)', withLine('garbage')],
    ['POL-62 with a comment (RFC 8461 §3.2)', withLine('# comment')],
    ['with a comment that has a colon (RFC 8461 §3.2)', withLine('# mode: none')],
    [
      'POL-63 in the form of old drafts (RFC 8461 §3.2)',
      'version=STSv1\nmode=enforce\nmx=mx1.dest.test\nmax_age=86400\n',
    ],
    ['POL-63 on one line (RFC 8461 §3.2)', 'version: STSv1; mode: enforce; mx: mx1.dest.test; max_age: 86400\n'],
    ['POL-63 as JSON (RFC 8461 §3.2)', '{"version":"STSv1"}'],
    ['POL-64 when it is empty (RFC 8461 §3.2)', ''],
    ['POL-64 when it is newlines only (RFC 8461 §3.2)', '\n\r\n\n'],
    ['POL-64 when it is a page (RFC 8461 §3.2)', '<!DOCTYPE html>\n<html><body>404: not found</body></html>\n'],
    ['POL-67 with a NUL in a line (RFC 8461 §3.2)', withLine('more: a\0b')],
    ['POL-67 with a NUL behind a host (RFC 8461 §3.2)', withKey('mx', 'mx: mx1.dest.test\0')],
    ['POL-67 with another control character (RFC 8461 §3.2)', withLine('more: a\x1bb')],
    ['POL-67 with DEL (RFC 8461 §3.2)', withLine('more: a\x7f')],
    ['POL-67 with a TAB within a value (RFC 8461 §3.2)', withLine('more: a\tb')],
    ['with CR as line end (RFC 8461 §3.2)', `${BASE.join('\r')}\r`],
    ['with two CR before a LF (RFC 8461 §3.2)', `${BASE.join('\r\r\n')}\r\n`],
    ['with a byte order mark (RFC 8461 §3.2)', `\ufeff${BASE.join('\n')}\n`],
    ['with a line separator of Unicode as line end (RFC 8461 §3.2)', BASE.join('\u2028')],
    ['with a no-break space after the colon (RFC 8461 §3.2)', withKey('mode', 'mode:\u00a0enforce')],
    ['with more than 64 KiB (RFC 8461 §3.3)', withLine(`more: ${'x'.repeat(65_536)}`)],
  ];
  for (const [title, text] of cases) {
    test(title, () => assert.equal(readPolicy(octets(text)).kind, 'invalid'));
  }

  test('when it is not UTF-8 (RFC 8461 §3.2)', () => {
    const body = Buffer.from(withLine('more: gr\u00fcn'), 'latin1');
    assert.deepEqual(readPolicy(body), { kind: 'invalid', reason: 'the text is not UTF-8' });
  });
});

test('what is wrong with a policy is told in one line of US-ASCII', () => {
  const reasons = [
    readPolicy(octets(withKey('mode'))),
    readPolicy(octets(withKey('mode', 'mode: r\u00e9port'))),
    readPolicy(octets(withLine('b\u00e4d'))),
    readPolicy(octets(withKey('mx', 'mx: 192.0.2.1'))),
  ].map((reading) => (reading.kind === 'invalid' ? reading.reason : ''));
  assert.deepEqual(reasons, [
    'there is no mode',
    'line 2: mode cannot be r?port',
    'line 5 is no field: b?d',
    'no mx names a host',
  ]);
});

describe('what a sender forgives', () => {
  const cases: readonly (readonly [title: string, text: string, warnings: readonly string[], strict: boolean])[] = [
    ['a good policy has no flaw', withLine('more: a'), [], true],
    [
      'POL-11 an empty line is an error to those who publish',
      withKey('mode', '', 'mode: enforce'),
      ['error 2 an empty line'],
      false,
    ],
    ['a line of blanks is an empty line', withKey('mode', ' \t', 'mode: enforce'), ['error 2 an empty line'], false],
    ['POL-12 an empty line at the end is a warning', withLine(''), ['warning 5 empty lines at the end'], true],
    [
      'POL-28 a max_age of more than a year is a warning',
      withKey('max_age', 'max_age: 31557601'),
      ['warning 4 max_age is more than 31557600'],
      true,
    ],
    [
      'POL-33 a repeated mode is a warning',
      withKey('mode', 'mode: enforce', 'mode: none'),
      ['warning 3 mode is repeated'],
      true,
    ],
    [
      'POL-44 a final dot is a warning',
      withKey('mx', 'mx: mx1.dest.test.'),
      ['warning 3 a final dot in mx1.dest.test.'],
      true,
    ],
    [
      'POL-46 an address is an error to those who publish',
      withLine('mx: 192.0.2.1'),
      ['error 5 192.0.2.1 is an address, which matches no host'],
      false,
    ],
    [
      'POL-50 an underscore is a warning',
      withKey('mx', 'mx: mx_1.dest.test'),
      ['warning 3 an underscore in mx_1.dest.test'],
      true,
    ],
  ];
  for (const [title, text, warnings, strict] of cases) {
    test(title, () => {
      assert.deepEqual(warningsOf(text), warnings);
      assert.equal(readPolicyStrictly(octets(text)).kind, strict ? 'policy' : 'invalid');
    });
  }

  test('those who read strictly are told the line', () => {
    assert.deepEqual(readPolicyStrictly(octets(withKey('mode', '', 'mode: enforce'))), {
      kind: 'invalid',
      reason: 'line 2: an empty line',
    });
    assert.deepEqual(readPolicyStrictly(octets('')), { kind: 'invalid', reason: 'there is no version' });
  });
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/).filter((text) => !text.startsWith('xn--'));
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.test`);
const pattern = fc.tuple(fc.boolean(), host).map(([isWildcard, name]) => (isWildcard ? `*.${name}` : name));
const policies: fc.Arbitrary<StsPolicy> = fc.record(
  {
    mode: fc.constantFrom('enforce', 'testing', 'none'),
    mx: fc.uniqueArray(pattern, { minLength: 1, maxLength: 8 }),
    maxAgeS: fc.integer({ min: 0, max: 31_557_600 }),
  },
  { noNullPrototype: true },
);

test('POL-70 what was written is read as the same policy, strictly too (RFC 8461 §3.2)', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      const expected: PolicyReading = { kind: 'policy', policy, warnings: [] };
      assert.deepEqual(readPolicyStrictly(octets(writePolicy(policy))), expected);
    }),
  );
});

test('POL-70 what was read, forgiven flaws included, is written as the same policy (RFC 8461 §3.2)', () => {
  const line = fc.oneof(
    pattern.map((text) => `mx: ${text}`),
    pattern.map((text) => `mx:\t${text.toUpperCase()}. `),
    fc.constantFrom('', 'mx: 192.0.2.1', 'mode: none', 'mode: enforce', 'max_age: 5', 'more: a', 'max_age: 9999999999'),
  );
  const text = fc
    .tuple(fc.array(line, { maxLength: 10 }), fc.constantFrom('\n', '\r\n'))
    .map(([lines, end]) => [...lines, 'version: STSv1', 'mode: testing', 'mx: a.test', 'max_age: 7', ''].join(end));
  fc.assert(
    fc.property(text, (written) => {
      const read = policyOf(readPolicy(octets(written)));
      assert.ok(read !== undefined);
      assert.deepEqual(policyOf(readPolicyStrictly(octets(writePolicy(read)))), read);
    }),
  );
});

test('POL-70 each line is written once, in a fixed order, with CRLF (RFC 8461 §3.2)', () => {
  const policy: StsPolicy = { mode: 'testing', mx: ['mx1.dest.test', '*.b.test'], maxAgeS: 604_800 };
  const lines = ['version: STSv1', 'mode: testing', 'mx: mx1.dest.test', 'mx: *.b.test', 'max_age: 604800'];
  assert.deepEqual(policyLines(policy), lines);
  assert.equal(writePolicy(policy), lines.map((line) => `${line}\r\n`).join(''));
});

test('POL-70 a policy of mode none has no need of hosts (RFC 8461 §3.2)', () => {
  const policy: StsPolicy = { mode: 'none', mx: [], maxAgeS: 0 };
  assert.deepEqual(policyOf(readPolicyStrictly(octets(writePolicy(policy)))), policy);
});

test('whatever a policy host sends, reading it never throws', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'version: STSv1',
      'mode: enforce',
      'mx: ',
      'mx1.dest.test',
      'max_age: 1',
      '\n',
      '\r\n',
      ':',
      ' ',
      '*.',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const text = fc.array(piece, { maxLength: 20 }).map((pieces) => octets(pieces.join('')));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 200 })), (body) => {
      const reading = readPolicy(body);
      assert.ok(reading.kind === 'policy' || /^[\x20-\x7e]{1,200}$/.test(reading.reason));
    }),
    { numRuns: 2000 },
  );
});
