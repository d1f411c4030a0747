/** The text of PowerPoint presentations as they were until 2007 (MS-PPT): records within records, of which some are text. */
import type { Budget } from './budget.ts';
import type { CompoundStream } from './compound-file.ts';
import type { FlatText } from './flat-text.ts';
import type { TextResult } from './legacy-office.ts';

const HEADER_BYTES = 8;
const IS_CONTAINER = 0x0f;
const TEXT_CHARACTERS = 4000;
const TEXT_OCTETS = 4008;
const STRING = 4026;
const ENCRYPTED_TOKEN = 0xf3d1c4df;

/** MS-PPT 2.3.2. */
export function isPowerPointEncrypted({ name, read }: CompoundStream): boolean {
  if (name !== 'Current User') return false;
  const octets = read();
  return octets.length >= 16 && octets.readUInt32LE(12) === ENCRYPTED_TOKEN;
}

export function readPowerPointText(octets: Buffer, out: FlatText, budget: Budget): TextResult {
  let at = 0;
  while (at + HEADER_BYTES <= octets.length && !out.full) {
    budget.tick();
    const isContainer = (octets.readUInt16LE(at) & IS_CONTAINER) === IS_CONTAINER;
    const type = octets.readUInt16LE(at + 2);
    const end = at + HEADER_BYTES + octets.readUInt32LE(at + 4);
    const body = octets.subarray(at + HEADER_BYTES, end);
    const text = textIn(type, body);
    for (const line of text.split(/[\r\v\n]/)) {
      out.endLine();
      out.write(line);
    }
    at = isContainer ? at + HEADER_BYTES : end;
  }
  return 'read';
}

function textIn(type: number, body: Buffer): string {
  if (type === TEXT_CHARACTERS || type === STRING) return body.toString('utf16le');
  return type === TEXT_OCTETS ? body.toString('latin1') : '';
}
