/**
 * A host with an optional port, as people write it in settings and on the command line. Whether the host is a name, an
 * address or either is for the caller to ask.
 */
import { isIp, withoutZone } from './ip.ts';

export type HostAndPort = {
  /** An address is without its brackets. */
  readonly host: string;
  readonly port: number | undefined;
};

const FORM = /^(?:\[(?:IPv6:)?([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i;

/** `relay.example.org`, `192.0.2.7`, `[192.0.2.7]`, `[2001:db8::7]`, each with `:port` or not, or `2001:db8::7` alone. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  if (isIp(withoutZone(text))) return { host: text, port: undefined };
  const [, literal, name, digits] = FORM.exec(text) ?? [];
  const host = literal ?? name;
  if (host === undefined || (literal !== undefined && !isIp(withoutZone(literal)))) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  return port === undefined || (port >= 1 && port <= 65_535) ? { host, port } : undefined;
}
