/** Octets with some of them replaced, all others as they are. Pure; edits do not overlap. */

export type Edit = { readonly start: number; readonly end: number; readonly octets: Uint8Array };

export const inOrder = (edits: readonly Edit[]): Edit[] =>
  edits.toSorted((one, other) => one.start - other.start || one.end - other.end);

export function splice(octets: Buffer, edits: readonly Edit[]): Buffer {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const { start, end, octets: replacement } of inOrder(edits)) {
    pieces.push(octets.subarray(from, start), replacement);
    from = end;
  }
  pieces.push(octets.subarray(from));
  return Buffer.concat(pieces);
}
