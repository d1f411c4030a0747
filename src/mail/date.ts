/** Dates as header fields and reports write them. */

/** RFC 5322 §3.3, with the numeric zone that RFC 3464 §2.2.5 asks for. */
export function mailDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
