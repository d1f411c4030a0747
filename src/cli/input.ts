/** Files that a command is given to read: by path or from standard input, up to a limit, and in words why one cannot be read. */
import { open } from 'node:fs/promises';

import { whyUnreadable } from '#config/text-file.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';
import { printable } from './table.ts';

/** `-` is standard input. */
export async function readInput({ console }: CommandContext, file: string, limitMiB: number): Promise<Buffer> {
  const limit = limitMiB * 1024 * 1024;
  const octets = file === '-' ? await console.readAll() : await readFile(file, limit);
  if (octets.length > limit) throw new CommandFailure('failed', `${printable(file)} is larger than ${limitMiB} MiB`);
  return octets;
}

/** Only as much as may be looked at, and one octet: a device has no end. */
async function readFile(file: string, limit: number): Promise<Buffer> {
  try {
    await using handle = await open(file);
    const pieces: Buffer[] = [];
    for await (const piece of handle.createReadStream({ end: limit, autoClose: false }))
      pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  } catch (error) {
    throw new CommandFailure('failed', `${printable(file)} ${whyUnreadable(error)}`);
  }
}
