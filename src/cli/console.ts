/** The terminal or the pipes that a command is connected to. */
import { stderr, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

import type { Console } from './adapters.ts';
import { CommandFailure } from './exit.ts';

export function processConsole(): Console {
  // A reader that goes away (`postern queue list | head`) is no error of ours.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    write: (text) => void stdout.write(`${text}\n`),
    complain: (text) => void stderr.write(`${text}\n`),
    columns: stdout.isTTY ? stdout.columns : undefined,
    readSecret,
    readAll,
  };
}

async function readSecret(prompt: string): Promise<string> {
  if (stdin.isTTY) stderr.write(prompt);
  // readline edits lines and echoes them to its output: here to nowhere.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: stdin.isTTY });
  let interrupted = false;
  lines.on('SIGINT', () => {
    interrupted = true;
    lines.close();
  });
  try {
    for await (const line of lines) return line;
    if (interrupted) throw new CommandFailure('failed', 'interrupted');
    return '';
  } finally {
    lines.close();
    if (stdin.isTTY) stderr.write('\n');
  }
}

async function readAll(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
