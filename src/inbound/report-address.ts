/**
 * The address that others send TLS reports to (RFC 8460 §3). Reports must arrive even where TLS is what fails, so mail to it
 * is taken from anyone and in clear; it is handed to whoever reads reports, and never enters the queue. Pure.
 */
import type { ListenerSettings, InboundSettings } from './settings.ts';

type Settings = Pick<InboundSettings, 'tlsReports'>;

export function isReportAddress(address: string, { tlsReports: { receive } }: Settings): boolean {
  return receive.address !== '' && address.toLowerCase() === receive.address.toLowerCase();
}

/** A server that begins in clear may be about to bring a report: only its recipients tell. */
export function mayBringReport({ mode }: ListenerSettings, { tlsReports: { receive } }: Settings): boolean {
  return mode === 'relay' && receive.address !== '';
}
