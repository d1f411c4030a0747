/** What the writer of `held-crash.test.ts` keeps back under an id: octets that no other id has. */
export const octetsFor = (id: string): Uint8Array => Buffer.from(`Subject: ${id}\r\n\r\n${`${id} `.repeat(500)}\r\n`);
