/**
 * xtext (RFC 3461 §4): how ENVID and ORCPT carry arbitrary text in an ESMTP parameter. Octets are UTF-8. Addresses of type
 * utf-8 have a form of their own (RFC 6533 §3).
 */
const HEX = /^[0-9A-F]{2}$/;

export function encodeXtext(text: string): string {
  let encoded = '';
  for (const octet of Buffer.from(text, 'utf8')) {
    const plain = octet > 32 && octet < 127 && octet !== 0x2b && octet !== 0x3d;
    encoded += plain ? String.fromCharCode(octet) : `+${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Returns `undefined` when `text` is no xtext: a stray `+` or `=`, white space, an octet outside ASCII. */
export function decodeXtext(text: string): string | undefined {
  const octets: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2b) {
      const hex = text.slice(at + 1, at + 3);
      if (!HEX.test(hex)) return undefined;
      octets.push(Number.parseInt(hex, 16));
      at += 2;
    } else if (code > 32 && code < 127 && code !== 0x3d) octets.push(code);
    else return undefined;
  }
  return Buffer.from(octets).toString('utf8');
}

/** EmbeddedUnicodeChar of RFC 6533 §3 for each character that `needing` finds: `\x{E9}`. */
export function embedUnicode(text: string, needing: RegExp): string {
  return text.replaceAll(needing, (character) => `\\x{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`);
}
