import assert from 'node:assert/strict';
import { test } from 'node:test';

import { occurrencesOf } from '#rules/sit/finder.ts';
import { functionOf } from '#rules/sit/functions.ts';
import { plainTextOf } from '#rules/sit/plain-text.ts';

function foundBy(name: string, text: string): readonly string[] {
  const sought = functionOf(name);
  assert.ok(sought);
  return occurrencesOf(sought, plainTextOf(text), 10).map(({ start, end }) => text.slice(start, end));
}

for (const [name, present, absent] of [
  [
    'Func_us_date',
    [
      '01/31/1980',
      '1/5/99',
      '12-31-2025',
      '1980-03-14',
      '2025-12-31',
      'January 5, 1980',
      'Dec. 31st 2025',
      'May 1 2026',
    ],
    ['31/01/1980', '13/01/1980', '01/32/1980', '01/31-1980', '1980-13-01', 'Janvier 5, 1980', '01/31/19801', '1.2.3.4'],
  ],
  [
    'Func_eu_date',
    [
      '31/01/1980',
      '5.1.99',
      '31-12-2025',
      '1980-03-14',
      '14 März 1980',
      '1 mars 1990',
      '31. Dezember 2025',
      '5 de mayo de 1980',
      '3 maja 1991',
    ],
    ['01/31/1980', '32/01/1980', '31/13/1980', '31/01-1980', '14 Foo 1980', '1980-03-32', '10.0.0.1'],
  ],
  [
    'Func_eu_date1',
    ['14 March 1980', '31. Dezember 2025', '14 luglio 1980'],
    ['14.03.1980', '1980-03-14', 'March 1980'],
  ],
  ['Func_eu_date2', ['1980-03-14', '2025/12/31', '1999.01.10'], ['14-03-1980', '1980-03/14', '80-03-14']],
  [
    'Func_expiration_date',
    ['12/29', '1/2031', '10-27', '2031-12', '2030-01', '09 / 28', 'Dec 2029', 'december 2031'],
    ['13/29', '12/99', '12/2099', '12/05/2029', '2031-13', '0/29'],
  ],
  [
    'Func_us_address',
    ['IL 62704', 'NY 10001-1234', 'California 90001', 'York, 10001', 'DC, 20500'],
    ['XX 62704', 'IL 6270', 'IL 627045', 'Bavaria 80331', 'IL62704'],
  ],
] as const) {
  test(`${name} finds dates and places of its kind, and no others`, () => {
    assert.deepEqual(
      [...present, ...absent].map((text) => foundBy(name, `on ${text}, or so`)),
      [...present.map((text) => [text]), ...absent.map(() => [])],
    );
  });
}
