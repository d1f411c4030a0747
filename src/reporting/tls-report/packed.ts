/**
 * Reports as they are stored and sent: JSON in gzip, small enough for a record of the store. What does not fit is told with
 * fewer details; the sums stay. Pure.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { readReport } from './read-report.ts';
import { writeReport, type TlsReport } from './report.ts';

/** In base64, and with what else stands in the record, it stays below the limit of the store. */
const PACKED_LIMIT_BYTES = 700 * 1024;
const UNPACKED_LIMIT_BYTES = 16 * 1024 * 1024;

export type PackedReport = { readonly gzip: Uint8Array; readonly report: TlsReport };

/** `report` is what is left of it. */
export function packReport(report: TlsReport): PackedReport {
  let left = report;
  for (let details = most(report); ; details = Math.floor(details / 2)) {
    const gzip = gzipSync(writeReport(left));
    if (gzip.length <= PACKED_LIMIT_BYTES || details === 0) return { gzip, report: left };
    left = reduced(report, Math.floor(details / 2));
  }
}

/** `undefined` for what is no report of ours. */
export function unpackReport(gzip: Uint8Array): TlsReport | undefined {
  try {
    const reading = readReport(gunzipSync(gzip, { maxOutputLength: UNPACKED_LIMIT_BYTES }).toString());
    return reading.kind === 'report' ? reading.report : undefined;
  } catch {
    // Damaged octets, or another's.
    return undefined;
  }
}

const most = ({ policies }: TlsReport): number => Math.max(0, ...policies.map(({ details }) => details.length));

/** With no detail left the texts of policies go too. */
function reduced(report: TlsReport, details: number): TlsReport {
  const policies = report.policies.map((policy) => ({
    ...policy,
    details: policy.details.slice(0, details),
    ...(details === 0 ? { strings: [], mxHosts: [] } : {}),
  }));
  return { ...report, policies };
}
