/**
 * Compressed octets become plain ones, never more than the budget still has room for: what they claim to become is not believed. Which
 * octets are compressed is the formats' to say.
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
  type ZlibOptions,
} from 'node:zlib';

import type { Budget } from './budget.ts';

export type Compression = 'deflate' | 'zlib' | 'gzip' | 'zstd' | 'brotli';

export type Unpacked = {
  readonly octets: Uint8Array;
  /** The end is missing, or what follows makes no sense. */
  readonly damaged: boolean;
};

const DECOMPRESSORS: Readonly<Record<Compression, (packed: Uint8Array, options: ZlibOptions) => Buffer>> = {
  deflate: inflateRawSync,
  zlib: inflateSync,
  gzip: gunzipSync,
  zstd: (packed, { maxOutputLength }) => zstdDecompressSync(packed, { maxOutputLength }),
  brotli: (packed, { maxOutputLength }) => brotliDecompressSync(packed, { maxOutputLength }),
};

/** Throws `LimitReached`; `undefined` when nothing at all could be unpacked. */
export function unpack(
  packed: Uint8Array,
  compression: Compression,
  budget: Budget,
  dictionary?: Uint8Array,
): Unpacked | undefined {
  budget.checkTime();
  const whole = attempt(packed, compression, budget, { dictionary });
  if (whole !== undefined) return { octets: whole, damaged: false };
  // What there is until the damage is better than nothing.
  const start = attempt(packed, compression, budget, { dictionary, finishFlush: constants.Z_SYNC_FLUSH });
  return start && { octets: start, damaged: true };
}

function attempt(
  packed: Uint8Array,
  compression: Compression,
  budget: Budget,
  options: { readonly dictionary?: Uint8Array | undefined; readonly finishFlush?: number },
): Uint8Array | undefined {
  const { dictionary, ...others } = options;
  // An empty result is allowed also when there is no room left.
  const maxOutputLength = Math.max(1, budget.room);
  try {
    const octets = DECOMPRESSORS[compression](packed, {
      ...others,
      maxOutputLength,
      ...(dictionary === undefined ? {} : { dictionary }),
    });
    budget.countUnpacked(octets.length);
    return octets;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw budget.unpackedTooMuch();
    if (error instanceof Error && 'code' in error && error.code === 'LIMIT_REACHED') throw error;
    return undefined;
  }
}
