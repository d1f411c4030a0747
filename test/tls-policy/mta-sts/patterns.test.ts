import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listsHost } from '#tls-policy/mta-sts/patterns.ts';

const cases: readonly (readonly [title: string, patterns: readonly string[], mxHost: string, lists: boolean])[] = [
  ['a name lists itself (RFC 8461 §4.1)', ['mx1.dest.test'], 'mx1.dest.test', true],
  ['a wildcard stands for one label (RFC 8461 §4.1)', ['*.dest.test'], 'mx1.dest.test', true],
  ['case does not matter (RFC 8461 §4.1)', ['mx1.dest.test'], 'MX1.Dest.Test', true],
  ['case does not matter behind a wildcard (RFC 8461 §4.1)', ['*.dest.test'], 'MX1.Dest.Test', true],
  ['a final dot does not matter (RFC 8461 §4.1)', ['mx1.dest.test'], 'mx1.dest.test.', true],
  ['MXM-05 a wildcard covers no second label (RFC 8461 §4.1)', ['*.dest.test'], 'a.b.dest.test', false],
  ['a wildcard does not cover the name below which it stands (RFC 8461 §4.1)', ['*.dest.test'], 'dest.test', false],
  ['MXM-07 a wildcard ends at a dot (RFC 8461 §4.1)', ['*.dest.test'], 'xdest.test', false],
  [
    'MXM-08 a wildcard covers the left, not the right (RFC 8461 §4.1)',
    ['*.dest.test'],
    'mx1.dest.test.evil.test',
    false,
  ],
  ['MXM-09 a name does not list what is below it (RFC 8461 §4.1)', ['dest.test'], 'mx1.dest.test', false],
  ['MXM-10 a name does not list what is above it (RFC 8461 §4.1)', ['mx1.dest.test'], 'dest.test', false],
  ['MXM-11 a name is no beginning (RFC 8461 §4.1)', ['mx1.dest.test'], 'mx1.dest.test.evil.test', false],
  ['MXM-12 a star within a name stands for nothing (RFC 8461 §4.1)', ['abc.*.test'], 'abc.x.test', false],
  ['a star within a label stands for nothing (RFC 8461 §4.1)', ['mx*.dest.test'], 'mx1.dest.test', false],
  ['MXM-13 a wildcard deeper down (RFC 8461 §4.1)', ['*.a.dest.test'], 'b.a.dest.test', true],
  ['MXM-14 a wildcard may stand below a top-level domain (RFC 8461 §4.1)', ['*.test'], 'dest.test', true],
  ['MXM-15 any one of several patterns will do', ['mx1.dest.test', '*.backup.test'], 'b.backup.test', true],
  ['no pattern lists nothing', [], 'mx1.dest.test', false],
  ['MXM-17 labels are compared, not judged (RFC 8461 §4.1)', ['*.dest.test'], 'mx_1.dest.test', true],
  ['A-labels are compared as they are', ['*.xn--bcher-kva.test'], 'mx1.xn--bcher-kva.test', true],
  ['MXM-22 an address is no name', ['192.0.2.9'], '192.0.2.9', false],
  ['MXM-22 an address has no labels', ['*.0.2.9'], '192.0.2.9', false],
  ['a host of one label is no wildcard', ['*.test'], 'test', false],
  ['a host without a first label is none', ['*.dest.test'], '.dest.test', false],
  ['a host that is named like a pattern is none', ['*.dest.test'], '*.dest.test', false],
  ['the empty name is none', ['*.dest.test', 'mx1.dest.test'], '', false],
];

for (const [title, patterns, mxHost, lists] of cases) {
  test(title, () => assert.equal(listsHost(patterns, mxHost), lists));
}
