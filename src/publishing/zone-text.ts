/** Records in the presentation format of zone files (RFC 1035 §5.1). Pure. */

export type ZoneRecord = { readonly name: string; readonly type: string; readonly content: string };

/** One that changes rarely; short enough that a mistake is gone within the hour. */
export const ZONE_TTL_S = 3600;

const STRING_OCTETS = 255;

export function zoneLine({ name, type, content }: ZoneRecord): string {
  return `${name}. ${ZONE_TTL_S} IN ${type} ${content}`;
}

/** The strings of a TXT record: up to 255 octets each, what is special escaped. */
export function quotedText(text: string): string {
  const octets = Buffer.from(text);
  const strings = Array.from({ length: Math.max(1, Math.ceil(octets.length / STRING_OCTETS)) }, (_, index) =>
    octets.subarray(index * STRING_OCTETS, (index + 1) * STRING_OCTETS),
  );
  return strings.map((part) => `"${escaped(part)}"`).join(' ');
}

function escaped(octets: Buffer): string {
  return octets.toString('latin1').replaceAll(/["\\]|[^ -~]/g, (character) => {
    const isPlain = character === '"' || character === '\\';
    return isPlain ? `\\${character}` : `\\${String(character.charCodeAt(0)).padStart(3, '0')}`;
  });
}
