/**
 * Reasons of failures as they may go to others (RFC 8460 §4.4, `failure-reason-code`): one short line of US-ASCII that tells
 * nothing of whose mail it was. Pure.
 */
const LENGTH_AT_MOST = 200;
/** Addresses of mail, also those that a certificate or a remote reply brought along. */
const ADDRESS = /[^\s<>"'(),;:]{1,64}@[^\s<>"'(),;:]{1,255}/g;

export function cleanReason(text: string): string {
  const line = text.slice(0, LENGTH_AT_MOST * 2).replaceAll(/[^\x20-\x7e]+/g, '?');
  // The search for addresses is slow, and nearly always there is none.
  const told = line.includes('@') ? line.replaceAll(ADDRESS, '(address)') : line;
  return told.length > LENGTH_AT_MOST ? `${told.slice(0, LENGTH_AT_MOST - 3)}...` : told;
}
