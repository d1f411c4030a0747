/** The child of `tls-report-crash.test.ts`: counts sessions as the relay does and says what was stored, until it is killed. */
import { writeSync } from 'node:fs';
import { Tally } from '#reporting/tls-report/tally.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { failure, reportSettings, session, STS } from '../reporting/tls-report/sample.ts';

const [, , dataDirectory = '', time = ''] = process.argv;
const at = new Date(time);
const store = await SqliteRecordStore.open({
  dataDirectory,
  now: () => at,
  onDamage: (file) => process.exit(file.length),
});
const settings = reportSettings();
const tally = new Tally({ store, settings: () => settings, report: () => process.exit(1) });

for (let counted = 0; ;) {
  for (let index = 0; index < 100; index += 1, counted += 1) {
    tally.count(session([STS], counted % 2 === 0 ? undefined : failure(), { at }));
  }
  await tally.flush();
  // Straight to the file: what is said must not be lost with the process.
  writeSync(1, `${counted}\n`);
}
