import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DotReader } from '#inbound/dot-reader.ts';

type Outcome = { readonly content: string; readonly rest: string | undefined };

/** RFC 5321 §4.5.2 as it is written: line by line, where a line ends in CRLF and in nothing else. */
function readByTheBook(stream: string): Outcome {
  let content = '';
  let rest = stream;
  for (;;) {
    const end = rest.indexOf('\r\n');
    const line = end === -1 ? rest : rest.slice(0, end);
    if (end !== -1 && line === '.') return { content, rest: rest.slice(end + 2) };
    const unstuffed = line.startsWith('.') ? line.slice(1) : line;
    if (end === -1) return { content: content + unstuffed, rest: undefined };
    content += `${unstuffed}\r\n`;
    rest = rest.slice(end + 2);
  }
}

function readInChunks(stream: string, cuts: readonly number[]): Outcome {
  const reader = new DotReader();
  const octets = Buffer.from(stream, 'latin1');
  const borders = [...new Set(cuts.map((cut) => cut % (octets.length + 1)))].toSorted((a, b) => a - b);
  let content = '';
  let from = 0;
  for (const to of [...borders, octets.length]) {
    const chunk = Buffer.from(octets.subarray(from, to));
    const end = reader.read(chunk, (piece) => {
      content += piece.toString('latin1');
    });
    if (end !== -1) return { content, rest: chunk.toString('latin1', end) + octets.toString('latin1', to) };
    from = to;
  }
  return { content, rest: undefined };
}

const piece = fc.constantFrom('\r', '\n', '\r\n', '.', '..', 'a', '\r\n.', '\r\n..', '\r\n.\r\n', '\0', '\xff');

test('any stream in any chunks reads as the book says (RFC 5321 §4.5.2)', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 8 }), (pieces, cuts) => {
      const stream = `${pieces.join('')}\r\n.\r\nMAIL FROM:<smuggled@example.net>`;
      assert.deepEqual(readInChunks(stream, cuts), readByTheBook(stream));
    }),
    { numRuns: 20_000 },
  );
});

for (const lookAlike of ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r\n.\r', '\r.\r\n', '\r\n\0.\r\n', '\r\n.\r\r\n']) {
  test(`${JSON.stringify(lookAlike)} does not end the content`, () => {
    const stream = `first${lookAlike}MAIL FROM:<smuggled@example.net>\r\n`;
    for (let cut = 0; cut <= stream.length; cut += 1) assert.equal(readInChunks(stream, [cut]).rest, undefined);
  });
}

test('four megabytes of stuffed dots are read in one pass, in pieces no more than two a chunk', () => {
  const reader = new DotReader();
  let pieces = 0;
  let length = 0;
  for (let round = 0; round < 64; round += 1)
    reader.read(Buffer.from('..\r\n'.repeat(16_384)), (content) => {
      pieces += 1;
      length += content.length;
    });
  assert.equal(length, 64 * 16_384 * 3);
  assert.ok(pieces <= 128, `${pieces} pieces`);
});
