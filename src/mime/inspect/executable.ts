/**
 * Programs, known by their octets whatever they are called: for Windows, DOS and OS/2 in all their forms, ELF, Mach-O, the EICAR test file, and
 * PIF files. Archives that unpack themselves with WinRAR, Java archives and object files are none, as in Exchange. Nothing is run.
 */

/** Its type; `undefined` for what is no program. */
export function executableType(octets: Uint8Array): string | undefined {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  if (isDosProgram(bytes)) return typeOfDosProgram(bytes);
  if (bytes.subarray(0, 4).equals(ELF)) return 'application/x-elf';
  if (isMachO(bytes)) return 'application/x-mach-binary';
  if (bytes.subarray(0, EICAR.length).equals(EICAR)) return 'application/x-dos-com';
  return isPif(bytes) ? 'application/x-pif' : undefined;
}

export const PORTABLE_EXECUTABLE = 'application/vnd.microsoft.portable-executable';

/** Where the image of a PE program ends and something else begins; `undefined` for another program. */
export function endOfImage(octets: Uint8Array): number | undefined {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const start = newHeaderOf(bytes);
  if (start === undefined || start + 24 > bytes.length || signatureAt(bytes, start) !== 'PE') return undefined;
  const sections = Math.min(bytes.readUInt16LE(start + 6), MOST_SECTIONS);
  const table = start + 24 + bytes.readUInt16LE(start + 20);
  let end = 0;
  for (
    let at = table;
    at < table + sections * SECTION_BYTES && at + SECTION_BYTES <= bytes.length;
    at += SECTION_BYTES
  ) {
    end = Math.max(end, bytes.readUInt32LE(at + 16) + bytes.readUInt32LE(at + 20));
  }
  return end;
}

const ELF = Buffer.from('\u007fELF', 'latin1');
/** The file that every scanner takes for a virus, in two pieces so that this source is not taken for it. */
const EICAR = Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('-'));
const PIF_MARK = Buffer.from('MICROSOFT PIFEX\0', 'latin1');
const PIF_MARK_AT = 0x171;
const DOS_HEADER_BYTES = 0x1c;
const NEW_HEADER_AT = 0x3c;
const SECTION_BYTES = 40;
/** What Windows loads at most. */
const MOST_SECTIONS = 96;

const NEW_TYPES: ReadonlyMap<string, string> = new Map([
  ['PE', PORTABLE_EXECUTABLE],
  ['NE', 'application/x-win16-executable'],
  ['LE', 'application/x-linear-executable'],
  ['LX', 'application/x-linear-executable'],
  ['W3', 'application/x-linear-executable'],
  ['W4', 'application/x-linear-executable'],
]);

/** Both spellings are run. A text may begin with these letters too, but holds no zeros. */
function isDosProgram(bytes: Buffer): boolean {
  const mark = signatureAt(bytes, 0);
  return (mark === 'MZ' || mark === 'ZM') && bytes.length >= DOS_HEADER_BYTES && bytes.subarray(0, 64).includes(0);
}

function typeOfDosProgram(bytes: Buffer): string {
  const start = newHeaderOf(bytes);
  const type = start === undefined ? undefined : NEW_TYPES.get(signatureAt(bytes, start));
  return type ?? 'application/x-dosexec';
}

function newHeaderOf(bytes: Buffer): number | undefined {
  if (!isDosProgram(bytes) || bytes.length < NEW_HEADER_AT + 4) return undefined;
  return bytes.readUInt32LE(NEW_HEADER_AT);
}

const signatureAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, at + 2);

function isMachO(bytes: Buffer): boolean {
  if (bytes.length < 28) return false;
  const magic = bytes.readUInt32BE(0);
  if (magic === 0xfeedface || magic === 0xfeedfacf || magic === 0xcefaedfe || magic === 0xcffaedfe) return true;
  // Java classes begin alike, with the version of their format where this has the number of its machines.
  return (magic === 0xcafebabe || magic === 0xcafebabf) && bytes.readUInt32BE(4) > 0 && bytes.readUInt32BE(4) < 30;
}

const isPif = (bytes: Buffer): boolean => bytes.subarray(PIF_MARK_AT, PIF_MARK_AT + PIF_MARK.length).equals(PIF_MARK);
