/** IP addresses as text: what is one, and its canonical form. Networks are matched in `mail/network.ts`. */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const IPV4 = new RegExp(String.raw`^(?:${OCTET}\.){3}${OCTET}$`);

export const isIPv4 = (text: string): boolean => IPV4.test(text);

export const isIPv6 = (text: string): boolean => /^[0-9a-f:.]{2,45}$/i.test(text) && URL.canParse(`http://[${text}]/`);

/** `::ffff:192.0.2.1` becomes `192.0.2.1`, as clients on dual-stack sockets should be known. */
export function plainIp(text: string): string {
  const mapped = text.toLowerCase().startsWith('::ffff:') ? text.slice(7) : '';
  return isIPv4(mapped) ? mapped : text;
}
