/** A file that the tests put into documents, as Windows' shell does. */

export function nativePackage(name: string, content: string): Buffer {
  const octets = Buffer.from(content);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(octets.length);
  const head = Buffer.concat([
    Buffer.from('\u0002\0', 'latin1'),
    Buffer.from(`${name}\0C:\\${name}\0`),
    Buffer.from('00000300', 'hex'),
    Buffer.from('02000000', 'hex'),
    Buffer.from('t\0'),
    size,
    octets,
  ]);
  const total = Buffer.alloc(4);
  total.writeUInt32LE(head.length);
  return Buffer.concat([total, head]);
}
