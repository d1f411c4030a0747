import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { decodeBody, encodingsOf, findUuencoded } from '#mime/transfer-decoding.ts';

describe('encodingsOf', () => {
  for (const [what, values, encodings] of [
    ['none is as it is (RFC 2045 §6.1)', [], ['identity']],
    ['any case', [' Base64 '], ['base64']],
    ['with a comment', ['base64 (x)'], ['base64']],
    ['with something behind it', ['base64; x'], ['base64']],
    ['what some readers take for it', ['"base64"'], ['identity', 'base64']],
    ['what nobody knows', ['x-none'], ['identity']],
    ['several, all of them', ['7bit', 'quoted-printable'], ['identity', 'quoted-printable']],
  ] as const) {
    test(what, () => assert.deepEqual(encodingsOf(values), encodings));
  }
});

describe('decodeBody', () => {
  for (const [what, encoding, body, text, flawed] of [
    ['base64 with padding (RFC 2045 §6.8)', 'base64', 'YWI=', 'ab', false],
    ['base64 without padding', 'base64', 'YWI', 'ab', false],
    ['base64 in lines', 'base64', 'YW\r\nJj\r\n', 'abc', false],
    ['base64 that goes on behind padding', 'base64', 'YQ==Yg==', 'ab', false],
    ['base64 with strangers in it', 'base64', 'Y!W*I=', 'ab', true],
    ['base64 of nothing', 'base64', '====', '', false],
    ['quoted-printable (RFC 2045 §6.7)', 'quoted-printable', 'a=3db=3D', 'a=b=', false],
    ['quoted-printable with soft line ends', 'quoted-printable', 'a=\r\nb= \t\nc=', 'abc', false],
    ['quoted-printable with what is no escape', 'quoted-printable', 'a=zz', 'a=zz', true],
    ['no encoding', 'identity', 'a=3d', 'a=3d', false],
  ] as const) {
    test(what, () => {
      const { octets, flawed: isFlawed } = decodeBody(Buffer.from(body), encoding);
      assert.deepEqual([Buffer.from(octets).toString(), isFlawed], [text, flawed]);
    });
  }

  test('base64 of any octets is these octets', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const { octets: decoded } = decodeBody(Buffer.from(Buffer.from(octets).toString('base64')), 'base64');
        assert.deepEqual(Buffer.from(decoded), Buffer.from(octets));
      }),
    );
  });
});

const found = (body: string): readonly (readonly [string, string])[] =>
  [...findUuencoded(Buffer.from(body))].map(({ name, octets }) => [name, Buffer.from(octets).toString()]);

describe('findUuencoded', () => {
  for (const [what, body, files] of [
    ['a file in a text', 'see\nbegin 644 a.txt\n#0V%T\n`\nend\n', [['a.txt', 'Cat']]],
    [
      'several',
      'begin 644 a\n#0V%T\nend\nbegin 644 b\n#0V%T\nend\n',
      [
        ['a', 'Cat'],
        ['b', 'Cat'],
      ],
    ],
    ['without an end', 'begin 644 a\n#0V%T\n', [['a', 'Cat']]],
    ['in base64', 'begin-base64 644 a\nQ2F0\n====\n', [['a', 'Cat']]],
    ['none where the word only begins a line', 'begin with this\n', []],
    ['none without content', 'begin 644 a\n`\nend\n', []],
  ] as const) {
    test(what, () => assert.deepEqual(found(body), files));
  }
});
