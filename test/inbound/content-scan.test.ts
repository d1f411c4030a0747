import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentScan, LineEndRepair, type ContentDefect } from '#inbound/content-scan.ts';
import { DataRate } from '#inbound/data-rate.ts';

/** What `text` has of the defects, found without a scan. */
function defectOf(text: string): boolean {
  const lines = text.split('\r\n');
  return /[\r\n\0]/.test(lines.join('')) || lines.some((line) => line.length + 2 > 20);
}

function scan(text: string, cut: number): { scan: ContentScan; defect: ContentDefect | undefined } {
  const octets = Buffer.from(text, 'latin1');
  const made = new ContentScan(20);
  const defect = made.read(octets.subarray(0, cut)) ?? made.read(octets.subarray(cut)) ?? made.finish();
  return { scan: made, defect };
}

const text = fc
  .array(fc.constantFrom('\r\n', '\r\n', '\r', '\n', '\0', 'a', 'word', '\xe4', 'x'.repeat(9)), { maxLength: 12 })
  .map((words) => `${words.join('')}\r\n`);

test('a scan finds what is wrong, the end of the header and 8-bit octets, wherever the chunks are cut', () => {
  fc.assert(
    fc.property(text, fc.nat(80), (content, cut) => {
      const { scan: made, defect } = scan(content, Math.min(cut, content.length));
      assert.equal(defect !== undefined, defectOf(content));
      if (defect !== undefined) return;
      const end = content.startsWith('\r\n') ? 0 : content.indexOf('\r\n\r\n') + 2;
      const hasEnd = content.startsWith('\r\n') || content.includes('\r\n\r\n');
      assert.equal(made.headerBytes, hasEnd ? end + 2 : undefined);
      assert.equal(made.eightBit, content.includes('\xe4'));
      assert.equal(made.eightBitHeader, content.slice(0, hasEnd ? end : undefined).includes('\xe4'));
    }),
    { numRuns: 5000 },
  );
});

function repair(content: string, cut: number): string {
  const octets = Buffer.from(content, 'latin1');
  const made = new LineEndRepair();
  const pieces = [made.read(octets.subarray(0, cut)), made.read(octets.subarray(cut)), made.finish()];
  return Buffer.concat(pieces).toString('latin1');
}

test('repaired content has no bare line end and no NUL, and repairing twice changes nothing', () => {
  fc.assert(
    fc.property(text, fc.nat(80), (content, cut) => {
      const repaired = repair(content, Math.min(cut, content.length));
      assert.equal(repaired, content.replaceAll('\0', '').replaceAll(/\r\n|\r|\n/g, '\r\n'));
      assert.equal(repair(repaired, 0), repaired);
    }),
    { numRuns: 5000 },
  );
});

test('content is too slow when a whole minute brought less than the minimum', () => {
  const rate = new DataRate(100, 0);
  assert.equal(rate.isTooSlow(0, 59_000), false);
  assert.equal(rate.isTooSlow(6000, 60_000), false);
  assert.equal(rate.isTooSlow(11_999, 120_000), true);
  rate.restart(11_999, 150_000);
  assert.equal(rate.isTooSlow(11_999, 180_000), false);
  assert.equal(new DataRate(0, 0).isTooSlow(0, 60_000), false);
});
