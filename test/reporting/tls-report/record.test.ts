/** Records at `_smtp._tls`: each case of the catalogue as a row, then what lies between them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  destinationText,
  readTlsReportRecords,
  tlsReportName,
  writeTlsReportRecord,
  type ReportDestination,
} from '#reporting/tls-report/record.ts';

/** Destinations as text; `NONE` when there is no record. */
function read(...texts: readonly string[]): readonly string[] | 'NONE' {
  const record = readTlsReportRecords(texts);
  return record.kind === 'none' ? 'NONE' : record.destinations.map(destinationText);
}

const NOTHING: readonly string[] = [];

describe('records (RFC 8460 §3)', () => {
  const rows: readonly (readonly [rule: string, texts: readonly string[], expected: readonly string[] | 'NONE'])[] = [
    ['RPTR-01 a mail address', ['v=TLSRPTv1;rua=mailto:reports@dest.test'], ['reports@dest.test']],
    ['RPTR-02 a URL', ['v=TLSRPTv1; rua=https://r.dest.test/v1/tlsrpt'], ['https://r.dest.test/v1/tlsrpt']],
    ['RPTR-03 a semicolon at the end', ['v=TLSRPTv1; rua=mailto:a@x.test;'], ['a@x.test']],
    [
      'RPTR-04 two URIs in one field',
      ['v=TLSRPTv1; rua=mailto:a@x.test,https://y.test/r'],
      ['a@x.test', 'https://y.test/r'],
    ],
    [
      'RPTR-05 blanks around the comma and at the end',
      ['v=TLSRPTv1; rua=mailto:a@x.test ,\t https://y.test/r  '],
      ['a@x.test', 'https://y.test/r'],
    ],
    ['RPTR-06 fields that we do not know', ['v=TLSRPTv1; more=a; rua=mailto:a@x.test; a_b-c.d=1'], ['a@x.test']],
    ['RPTR-07 a blank before the first semicolon', ['v=TLSRPTv1 ; rua=mailto:a@x.test'], ['a@x.test']],
    [
      'RPTR-08 a field that occurs twice counts twice',
      ['v=TLSRPTv1; rua=mailto:x@x.test; rua=mailto:y@x.test'],
      ['x@x.test', 'y@x.test'],
    ],
    ['RPTR-09 no destination', ['v=TLSRPTv1;'], 'NONE'],
    ['RPTR-09 no field at all', ['v=TLSRPTv1'], 'NONE'],
    ['RPTR-10 an older version', ['v=TLSRPTv0'], 'NONE'],
    ['RPTR-10 a version that only begins like ours', ['v=TLSRPTv10; rua=mailto:a@x.test'], 'NONE'],
    ['RPTR-10 a later version', ['v=TLSRPTv2; rua=mailto:a@x.test'], 'NONE'],
    ['RPTR-10 a version in small letters', ['v=tlsrptv1; rua=mailto:a@x.test'], 'NONE'],
    ['RPTR-11 the version at the end', ['rua=mailto:a@x.test; v=TLSRPTv1'], 'NONE'],
    ['RPTR-12 a blank before the version', [' v=TLSRPTv1; rua=mailto:a@x.test'], 'NONE'],
    ['RPTR-13 an empty field', ['v=TLSRPTv1; rua=mailto:x@x.test;;'], 'NONE'],
    ['RPTR-13 an empty field in front', ['v=TLSRPTv1;; rua=mailto:x@x.test'], 'NONE'],
    ['RPTR-14 a word behind the URI', ['v=TLSRPTv1; rua=mailto:x@x.test other'], 'NONE'],
    ['RPTR-15 an empty destination', ['v=TLSRPTv1; rua='], 'NONE'],
    ['RPTR-15 blanks around the equals sign', ['v=TLSRPTv1; rua = mailto:x@x.test'], 'NONE'],
    ['RPTR-16 the name of the field in capitals', ['v=TLSRPTv1; RUA=mailto:x@x.test'], 'NONE'],
    ['RPTR-16 a field without a value', ['v=TLSRPTv1; rua=mailto:x@x.test; foo='], 'NONE'],
    ['RPTR-16 a field with two equals signs', ['v=TLSRPTv1; rua=mailto:x@x.test; foo=a=b'], 'NONE'],
    ['RPTR-16 a field whose name is malformed', ['v=TLSRPTv1; rua=mailto:x@x.test; _a=1'], 'NONE'],
    ['RPTR-17 a scheme that we do not speak', ['v=TLSRPTv1; rua=ftp://x.test/'], NOTHING],
    ['RPTR-17 HTTP without TLS', ['v=TLSRPTv1; rua=http://x.test/'], NOTHING],
    [
      'RPTR-18 a scheme that we do not speak beside one',
      ['v=TLSRPTv1; rua=ftp://x.test/,mailto:a@x.test'],
      ['a@x.test'],
    ],
    ['RPTR-19 a size limit as in DMARC', ['v=TLSRPTv1; rua=mailto:a@x.test!10m'], NOTHING],
    [
      'RPTR-19 a size limit as in DMARC beside a good URI',
      ['v=TLSRPTv1; rua=mailto:a@x.test!10m,mailto:b@x.test'],
      ['b@x.test'],
    ],
    // In an envelope a comma needs quotes (RFC 5321 §4.1.2).
    ['RPTR-20 a comma that is encoded', ['v=TLSRPTv1; rua=mailto:a%2Cb@x.test'], ['"a,b"@x.test']],
    ['RPTR-21 an exclamation mark that is encoded', ['v=TLSRPTv1; rua=mailto:a%21b@x.test'], ['a!b@x.test']],
    ['RPTR-22 no address', ['v=TLSRPTv1; rua=mailto:'], NOTHING],
    ['RPTR-22 an address without a domain', ['v=TLSRPTv1; rua=mailto:nodomain'], NOTHING],
    ['RPTR-23 a port and a query', ['v=TLSRPTv1; rua=https://r.test:8443/p?q=1'], ['https://r.test:8443/p?q=1']],
    [
      'RPTR-24 a scheme in capitals',
      ['v=TLSRPTv1; rua=MAILTO:a@x.test,HTTPS://Y.test'],
      ['a@x.test', 'https://y.test/'],
    ],
    ['RPTR-25 header fields in the URI', ['v=TLSRPTv1; rua=mailto:a@x.test?subject=hi'], ['a@x.test']],
    ['RPTR-26 a comma at the end', ['v=TLSRPTv1; rua=mailto:a@x.test,'], 'NONE'],
    ['RPTR-26 a comma in front', ['v=TLSRPTv1; rua=,mailto:a@x.test'], 'NONE'],
    ['RPTR-27 an unrelated record beside it', ['v=spf1 -all', 'v=TLSRPTv1; rua=mailto:a@x.test'], ['a@x.test']],
    ['RPTR-27 two records', ['v=TLSRPTv1; rua=mailto:a@x.test', 'v=TLSRPTv1; rua=mailto:b@x.test'], 'NONE'],
    ['RPTR-28 two records, one of them broken', ['v=TLSRPTv1; rua=mailto:a@x.test', 'v=TLSRPTv1;'], 'NONE'],
    ['RPTR-29 no record', [], 'NONE'],
    ['RPTR-29 records of others', ['', 'google-site-verification=x'], 'NONE'],
    ['RPTR-30 a line end within', ['v=TLSRPTv1; rua=mailto:a@x.test\r\n'], 'NONE'],
    ['RPTR-30 a NUL within', ['v=TLSRPTv1; rua=mailto:a\0@x.test'], 'NONE'],
    ['no scheme', ['v=TLSRPTv1; rua=a@x.test'], 'NONE'],
    ['an encoded line end in an address', ['v=TLSRPTv1; rua=mailto:a%0D%0Ab@x.test'], NOTHING],
    ['a percent sign that encodes nothing', ['v=TLSRPTv1; rua=mailto:a%zz@x.test'], NOTHING],
    ['octets that are no UTF-8', ['v=TLSRPTv1; rua=mailto:a%ff@x.test'], NOTHING],
    ['two addresses in one URI', ['v=TLSRPTv1; rua=mailto:a@x.test%2Cb@y.test'], NOTHING],
    ['an address literal', ['v=TLSRPTv1; rua=mailto:a@[127.0.0.1]'], NOTHING],
    ['a password in a URL', ['v=TLSRPTv1; rua=https://me:secret@x.test/'], NOTHING],
    ['a URL without a host', ['v=TLSRPTv1; rua=https:'], NOTHING],
    ['a fragment is left out', ['v=TLSRPTv1; rua=https://x.test/r#here'], ['https://x.test/r']],
    ['the same twice', ['v=TLSRPTv1; rua=mailto:a@x.test,mailto:a@x.test'], ['a@x.test']],
  ];

  for (const [rule, texts, expected] of rows) {
    test(`${rule}: ${JSON.stringify(expected)}`, () => assert.deepEqual(read(...texts), expected));
  }

  test('RPTR-19 what is skipped is told with its reason', () => {
    const record = readTlsReportRecords(['v=TLSRPTv1; rua=mailto:a@x.test!10m,gopher://x.test/,mailto:b@x.test']);
    assert.deepEqual(record, {
      kind: 'record',
      destinations: [{ kind: 'mailto', address: 'b@x.test' }],
      unusable: [
        { uri: 'mailto:a@x.test!10m', reason: '"!" must be written as %21' },
        { uri: 'gopher://x.test/', reason: 'neither mailto: nor https:' },
      ],
    });
  });

  test('one record sends a report to ten places at most', () => {
    const uris = Array.from({ length: 500 }, (_, index) => `mailto:a${index}@x.test`);
    assert.equal(read(`v=TLSRPTv1; rua=${uris.join(',')}`).length, 10);
  });

  test('RPTR-33 a domain in its own script is asked for in A-labels', () => {
    assert.equal(tlsReportName('bücher.test'), '_smtp._tls.xn--bcher-kva.test');
    assert.equal(tlsReportName('DEST.test.'), '_smtp._tls.dest.test');
    assert.equal(tlsReportName('[192.0.2.1]'), undefined);
  });

  test('no text makes the reader fail', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        read(text);
        read(`v=TLSRPTv1; rua=${text}`);
        read(`v=TLSRPTv1; rua=mailto:${text}`);
        read(`v=TLSRPTv1; rua=https://${text}`);
      }),
    );
  });

  test('a long text is read in one pass', () => {
    const text = `v=TLSRPTv1; rua=mailto:a@x.test${' '.repeat(200_000)}b`;
    assert.equal(read(text), 'NONE');
  });
});

describe('writing a record', () => {
  test('PUB-31 what a record uses itself is encoded (RFC 8460 §3)', () => {
    const destinations: readonly ReportDestination[] = [
      { kind: 'mailto', address: '"a,b;c"@x.test' },
      { kind: 'mailto', address: 'd!e%f@x.test' },
      { kind: 'https', url: 'https://x.test/a,b;c!d' },
    ];
    assert.equal(
      writeTlsReportRecord(destinations),
      'v=TLSRPTv1; rua=mailto:%22a%2Cb%3Bc%22@x.test,mailto:d%21e%25f@x.test,https://x.test/a%2Cb%3Bc%21d',
    );
  });

  test('what is written is read as what it was', () => {
    const local = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}$/).map((text) => `${text}@x.test`);
    const odd = fc.stringMatching(/^[ -!#-?A-[\]-~]{1,20}$/).map((text) => `"${text},"@x.test`);
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(local, odd), { minLength: 1, maxLength: 10 }), (addresses) => {
        const destinations = addresses.map((address) => ({ kind: 'mailto' as const, address }));
        assert.deepEqual(read(writeTlsReportRecord(destinations)), addresses);
      }),
    );
  });
});
