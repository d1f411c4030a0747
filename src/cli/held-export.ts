/** `postern quarantine export` and `postern moderation export`: a message as a file, for those who look into it. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CommandFailure } from './exit.ts';
import { noSuchEntry, type HeldPlace } from './held-place.ts';
import { printable } from './table.ts';

export type ExportOptions = { readonly output?: string };

/** A file that is there is never written over, nor what a link leads to; others of the machine do not read it. */
export async function exportHeld(
  { context, desk, kind }: HeldPlace,
  id: string,
  { output: path = `${id}.eml` }: ExportOptions,
): Promise<void> {
  const file = await openNew(path);
  let isWhole = false;
  try {
    const octets = await desk.content(kind, id, context.user);
    if (octets === undefined) throw noSuchEntry(kind, id);
    await pipeline(octets, file.createWriteStream());
    isWhole = true;
  } finally {
    await file.close();
    if (!isWhole) await rm(path, { force: true });
  }
  context.console.write(`${printable(path)} holds the message; its content is that of a stranger: open it with care.`);
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      'failed',
      `the message cannot be written: ${printable(reason)}`,
      'Name another file with --output.',
    );
  }
}
