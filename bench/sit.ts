/**
 * What searching a text for sensitive information costs: ten types that rules often name, and all of them, over ordinary text and over
 * text made to be slow. `node bench/sit.ts`
 */
import { builtInTypes } from '#rules/sit/built-in.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import { detect } from '#rules/sit/detect.ts';

const ROUNDS = 30;
const TEN = [
  'ABA Routing Number',
  'Credit Card Number',
  'Drug Enforcement Agency (DEA) Number',
  'International Banking Account Number (IBAN)',
  'SWIFT Code',
  'U.K. National Insurance Number (NINO)',
  'U.S. / U.K. Passport Number',
  'U.S. Bank Account Number',
  'U.S. Individual Taxpayer Identification Number (ITIN)',
  'U.S. Social Security Number (SSN)',
];
const ORDINARY =
  'Dear colleagues, the meeting on 27 November 2026 at 10:30 will be about the plan for the third quarter (see page 12 of the report). ' +
  'Please call +49 30 1234567 or write to anna.schmidt@example.org. Order 4711-0815 was paid in March; the passport is attached.\n';

const filled = (part: string, length: number): string => part.repeat(Math.ceil(length / part.length)).slice(0, length);

const TEXTS = [
  ['4 KB of ordinary text', filled(ORDINARY, 4096), ROUNDS],
  ['50 KB of ordinary text', filled(ORDINARY, 51_200), ROUNDS],
  ['1 MB of ordinary text', filled(ORDINARY, 1_048_576), 3],
  ['1 MB of digits', filled('1234567890', 1_048_576), 1],
  ['1 MB of numbers of one digit', filled('1 ', 1_048_576), 1],
  ['1 MB of cards', filled('visa 4111 1111 1111 1111 ', 1_048_576), 1],
] as const;

for (const [label, names] of [
  ['10 types', TEN],
  ['all types', builtInTypes.map(({ name }) => name)],
] as const) {
  const types = compileTypes(names);
  for (const [what, text, rounds] of TEXTS) {
    const search = (): unknown => detect(types, [{ where: 'body', text }]);
    search();
    const start = performance.now();
    for (let round = 0; round < rounds; round += 1) search();
    console.log(`${label}, ${what}: ${((performance.now() - start) / rounds).toFixed(2)} ms`);
  }
}
