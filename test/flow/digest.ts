/**
 * A report to a sender in the few lines that a scenario's `expected-dsn` holds: whom it goes to, its machine-readable part
 * and what it returns, without dates, ids and ports. The text for people is the matter of `test/reporting/`.
 */
export function digest(reports: readonly string[]): string {
  return reports
    .map((report) => digestOne(report.replaceAll('\r\n', '\n')))
    .toSorted()
    .join('\n----\n');
}

function digestOne(report: string): string {
  const header = report.slice(0, report.indexOf('\n\n'));
  const fields = header.split('\n').filter((line) => /^(?:To|From|Subject|In-Reply-To|Auto-Submitted):/.test(line));
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(header) ?? [];
  const [, , status = '', returned = ''] = report.split(`--${boundary}`);
  return [fields.join('\n'), part(status), part(returned)]
    .filter((text) => text !== '')
    .map(settled)
    .join('\n\n');
}

const part = (text: string): string => text.trim().replace(/^Content-Transfer-Encoding: 7bit\n/m, '');

function settled(text: string): string {
  return text
    .replaceAll(/\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d \+0000/g, 'DATE')
    .replaceAll(/\b[0-9A-Z]{16}\b/g, 'ID')
    .replaceAll(/Thumbprint:[0-9A-F]{40}/g, 'Thumbprint:PRINT')
    .replaceAll(/(\[LastAttemptedIP=[^\]]*):\d+\]/g, '$1:PORT]');
}
