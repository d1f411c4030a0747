/** PowerShell as exports and administrators write it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Expression, readCommands, type Value } from '#config/exchange/power-shell.ts';

function argumentsOf(text: string): readonly (readonly [string, Value])[] {
  const [command, ...more] = readCommands(text);
  assert.ok(command !== undefined && more.length === 0, text);
  return command.args.map(({ name, value }) => [name, value]);
}

function valueOf(written: string): Value {
  const [first, ...more] = argumentsOf(`Verb-Noun -A ${written}`);
  assert.ok(first !== undefined && more.length === 0, written);
  return first[1];
}

for (const [written, value] of [
  ["'it''s'", "it's"],
  ["'don\u2019t'", 'don\u2019t'],
  ["'don\u2019\u2019t'", 'don\u2019t'],
  ['"say ""x"" `$5`n"', 'say "x" $5\n'],
  ['"costs 5$"', 'costs 5$'],
  ['word', 'word'],
  ['-1', '-1'],
  ['$True', true],
  ['$false', false],
  ['$null', null],
  ["'a', 'b' ,c", ['a', 'b', 'c']],
  ["@('a','b')", ['a', 'b']],
  ["@(\n  'a'\n)", ['a']],
  ["'a',\n  'b'", ['a', 'b']],
  ['@{Name="Credit Card Number"; MinCount="1" }', { Name: 'Credit Card Number', MinCount: '1' }],
  ["@{'Name'='x'; 'MinCount'=1; 'MinConfidence'=-1}", { Name: 'x', MinCount: '1', MinConfidence: '-1' }],
  ["@{Name='x'}, @{Name='y'}", [{ Name: 'x' }, { Name: 'y' }]],
  ["@'\nit's\nall\n'@", "it's\nall"],
  ["'two\nlines'", 'two\nlines'],
  ['\u201cquoted\u201d', 'quoted\u201d'],
] as const) {
  test(`${JSON.stringify(written)} is read`, () => assert.deepEqual(valueOf(written), value));
}

for (const written of [
  '$addresses',
  '"DisplayName:$name"',
  '(Get-Date).AddDays(7)',
  "('a' + 'b')",
  "'a'+'b'",
  '[datetime]"2026-01-01"',
  '@{Name=',
  '$(Get-Content "a b.txt")',
  '@"\n$x\n"@',
]) {
  test(`${JSON.stringify(written)} is an expression that nobody carries out`, () => {
    const value = valueOf(written);
    assert.ok(value instanceof Expression, JSON.stringify(value));
    assert.equal(value.text, written);
  });
}

test('an expression within a list stays one', () => {
  assert.deepEqual(valueOf("'a', $b"), ['a', new Expression('$b')]);
});

test('parameters may be switches, have a colon, or stand without a name', () => {
  assert.deepEqual(argumentsOf('New-TransportRule "A rule" -DeleteMessage -Confirm:$false -Priority 3 -WhatIf'), [
    ['', 'A rule'],
    ['DeleteMessage', true],
    ['Confirm', false],
    ['Priority', '3'],
    ['WhatIf', true],
  ]);
});

test('lines, semicolons, pipes and comments part commands; a grave accent joins lines', () => {
  const commands = readCommands(
    ['# one', 'A-B -C d; E-F | Out-Null', '<# two', 'lines #> G-H `', '  -I j # end', '', '-K'].join('\r\n'),
  );
  assert.deepEqual(
    commands.map(({ name, line }) => [name, line]),
    [
      ['A-B', 2],
      ['E-F', 2],
      ['Out-Null', 2],
      ['G-H', 4],
      ['-K', 7],
    ],
  );
  assert.deepEqual(commands[3]?.args, [{ name: 'I', value: 'j' }]);
});

test('whatever the text is, reading it ends', () => {
  const letters = fc.constantFrom(...Array.from('\'"`@({[;)}]$#<>-|, \n=aA1\u2019'));
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 60 }), (text) => {
      assert.ok(readCommands(text).length <= text.length);
    }),
    { numRuns: 3000 },
  );
});
