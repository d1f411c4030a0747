/**
 * LZMA and LZMA2, as 7-Zip packs: its specification in the public domain (LzmaSpec), unpacking only. What comes out is counted while it grows, whatever the
 * archive claims. Slow beside what the platform unpacks itself, so the clock is asked often.
 */
import type { Budget } from './budget.ts';
import { LzmaModel } from './lzma-model.ts';

/** Octets between two questions to the clock. */
const STRIDE = 64 * 1024;

/** `size` is how much there is; less is returned when it breaks off. `properties` are the five octets that stand before the content. */
export function unpackLzma(packed: Uint8Array, properties: Uint8Array, size: number, budget: Budget): Uint8Array {
  const model = new LzmaModel();
  if (!model.setProperties(properties[0] ?? 255)) return new Uint8Array();
  model.begin(packed);
  decodeInSteps(model, size, budget);
  return model.output();
}

/** Chunks, packed or not, that may begin anew; as the reader of XZ for embedded systems has it. */
export function unpackLzma2(packed: Uint8Array, size: number, budget: Budget): Uint8Array {
  const model = new LzmaModel();
  for (let at = 0; at < packed.length && model.length < size;) {
    const control = packed[at] ?? 0;
    if (control === 0) break;
    const chunk = chunkAt(packed, at, control);
    if (chunk === undefined) break;
    if (control < 0x80) {
      budget.countUnpacked(chunk.unpackedBytes);
      model.copy(packed.subarray(chunk.start, chunk.end));
    } else {
      prepare(model, control, packed[at + 5] ?? 255);
      model.begin(packed.subarray(chunk.start, chunk.end));
      if (!decodeInSteps(model, model.length + chunk.unpackedBytes, budget)) break;
    }
    at = chunk.end;
  }
  return model.output();
}

type Chunk = { readonly start: number; readonly end: number; readonly unpackedBytes: number };

function chunkAt(packed: Uint8Array, at: number, control: number): Chunk | undefined {
  const number = (from: number): number => ((packed[from] ?? 0) << 8) | (packed[from + 1] ?? 0);
  if (control < 0x80) {
    if (control > 2) return undefined;
    const size = number(at + 1) + 1;
    return { start: at + 3, end: at + 3 + size, unpackedBytes: size };
  }
  const unpackedBytes = ((control & 0x1f) << 16) + number(at + 1) + 1;
  const start = at + (hasProperties(control) ? 6 : 5);
  return { start, end: start + number(at + 3) + 1, unpackedBytes };
}

const hasProperties = (control: number): boolean => control >= 0xc0;

function prepare(model: LzmaModel, control: number, properties: number): void {
  if (hasProperties(control)) model.setProperties(properties);
  else if (control >= 0xa0) model.reset();
}

/** True when it went as far as it should. */
function decodeInSteps(model: LzmaModel, size: number, budget: Budget): boolean {
  while (model.length < size) {
    budget.checkTime();
    const before = model.length;
    const goesOn = model.decode(Math.min(size, before + STRIDE));
    budget.countUnpacked(model.length - before);
    if (!goesOn) break;
  }
  return model.length >= size;
}
