/** Numbers of driver's licenses, whose form each of the United States has chosen for itself. */
import { finder } from '#rules/sit/finder.ts';
import type { Finder } from '#rules/sit/finder.ts';

/** State, its letters, and shapes of its numbers. Shorter ones than five digits are too common to mean anything. */
const STATES = [
  ['Alabama', 'AL', [String.raw`\d{7,8}`]],
  ['Alaska', 'AK', [String.raw`\d{5,7}`]],
  ['Arizona', 'AZ', [String.raw`[A-Z]\d{8}`, String.raw`\d{9}`]],
  ['Arkansas', 'AR', [String.raw`\d{8,9}`]],
  ['California', 'CA', [String.raw`[A-Z]\d{7}`]],
  ['Colorado', 'CO', [String.raw`\d{2}-\d{3}-\d{4}`, String.raw`\d{9}`, String.raw`[A-Z]{1,2}\d{5,6}`]],
  ['Connecticut', 'CT', [String.raw`\d{9}`]],
  ['Delaware', 'DE', [String.raw`\d{5,7}`]],
  ['District of Columbia', 'DC', [String.raw`\d{7}`, String.raw`\d{9}`]],
  ['Florida', 'FL', [String.raw`[A-Z]\d{3}([- ]?)\d{3}\1\d{2}\1\d{3}\1\d`]],
  ['Georgia', 'GA', [String.raw`\d{7,9}`]],
  ['Hawaii', 'HI', [String.raw`H\d{8}`, String.raw`\d{9}`]],
  ['Idaho', 'ID', [String.raw`[A-Z]{2}\d{6}[A-Z]`, String.raw`\d{9}`]],
  ['Illinois', 'IL', [String.raw`[A-Z]\d{3}([- ]?)\d{4}\1\d{4}`]],
  ['Indiana', 'IN', [String.raw`\d{4}-\d{2}-\d{4}`, String.raw`\d{9,10}`, String.raw`[A-Z]\d{9}`]],
  ['Iowa', 'IA', [String.raw`\d{3}[A-Z]{2}\d{4}`, String.raw`\d{9}`]],
  ['Kansas', 'KS', [String.raw`K\d{2}-?\d{2}-?\d{4}`, String.raw`\d{9}`]],
  ['Kentucky', 'KY', [String.raw`[A-Z]\d{2}-?\d{3}-?\d{3}`, String.raw`\d{9}`]],
  ['Louisiana', 'LA', [String.raw`\d{8,9}`]],
  ['Maine', 'ME', [String.raw`\d{7}[A-Z]?`, String.raw`\d{8}`]],
  ['Maryland', 'MD', [String.raw`[A-Z]([- ]?)\d{3}\1\d{3}\1\d{3}\1\d{3}`]],
  ['Massachusetts', 'MA', [String.raw`S[A-Z]?\d{7,8}`, String.raw`\d{9}`]],
  ['Michigan', 'MI', [String.raw`[A-Z]([- ]?)\d{3}\1\d{3}\1\d{3}\1\d{3}`, String.raw`[A-Z]\d{10}`]],
  ['Minnesota', 'MN', [String.raw`[A-Z]([- ]?)\d{3}\1\d{3}\1\d{3}\1\d{3}`]],
  ['Mississippi', 'MS', [String.raw`\d{3}-\d{2}-\d{4}`, String.raw`\d{9}`]],
  [
    'Missouri',
    'MO',
    [String.raw`[A-Z]\d{5,9}`, String.raw`[A-Z]\d{6}R`, String.raw`\d{8}[A-Z]{2}`, String.raw`\d{9}[A-Z]?`],
  ],
  ['Montana', 'MT', [String.raw`\d{13,14}`, String.raw`\d{9}`]],
  ['Nebraska', 'NE', [String.raw`[A-Z]\d{6,8}`]],
  ['Nevada', 'NV', [String.raw`\d{9,10}`, String.raw`\d{12}`, String.raw`X\d{8}`]],
  ['New Hampshire', 'NH', [String.raw`\d{2}[A-Z]{3}\d{5}`, String.raw`NH[A-Z]\d{8}`]],
  ['New Jersey', 'NJ', [String.raw`[A-Z]\d{4}([- ]?)\d{5}\1\d{5}`]],
  ['New Mexico', 'NM', [String.raw`\d{8,9}`]],
  // As Exchange says: nine digits without spaces are not.
  ['New York', 'NY', [String.raw`\d{3} \d{3} \d{3}`]],
  ['North Carolina', 'NC', [String.raw`\d{7,12}`]],
  ['North Dakota', 'ND', [String.raw`[A-Z]{3}-?\d{2}-?\d{4}`, String.raw`\d{9}`]],
  ['Ohio', 'OH', [String.raw`[A-Z]{1,2}\d{5,7}`, String.raw`\d{8}`]],
  ['Oklahoma', 'OK', [String.raw`[A-Z]?\d{9}`]],
  ['Oregon', 'OR', [String.raw`\d{7,9}`]],
  ['Pennsylvania', 'PA', [String.raw`\d{2} \d{3} \d{3}`, String.raw`\d{8}`]],
  ['Rhode Island', 'RI', [String.raw`\d{7,8}`, String.raw`V\d{6}`]],
  ['South Carolina', 'SC', [String.raw`\d{6,11}`]],
  ['South Dakota', 'SD', [String.raw`\d{8,10}`, String.raw`\d{12}`]],
  ['Tennessee', 'TN', [String.raw`\d{7,9}`]],
  ['Texas', 'TX', [String.raw`\d{8}`]],
  ['Utah', 'UT', [String.raw`\d{5,10}`]],
  ['Vermont', 'VT', [String.raw`\d{8}`, String.raw`\d{7}A`]],
  ['Virginia', 'VA', [String.raw`[A-Z]\d{2}-?\d{2}-?\d{4}`, String.raw`\d{9}`]],
  [
    'Washington',
    'WA',
    [String.raw`(?=[A-Z*]{3,10}\d)[A-Z]{1,5}[A-Z*]{2}[0-9A-Z*]{5,9}(?<=[0-9A-Z*]{12})`, String.raw`WDL[0-9A-Z]{9}`],
  ],
  ['West Virginia', 'WV', [String.raw`[A-Z]\d{6}`, String.raw`\d{7}`]],
  ['Wisconsin', 'WI', [String.raw`[A-Z]\d{3}([- ]?)\d{4}\1\d{4}\1\d{2}`]],
  ['Wyoming', 'WY', [String.raw`\d{6}-\d{3}`, String.raw`\d{9,10}`]],
] as const satisfies readonly (readonly [string, string, readonly string[]])[];

const functionName = (state: string): string =>
  `Func_${state.toLowerCase().replaceAll(' ', '_')}_drivers_license_number`;

/** Names and letters of the states, and what finds their numbers. */
export const DRIVER_STATES: readonly { readonly name: string; readonly letters: string; readonly function: string }[] =
  STATES.map(([name, letters]) => ({ name, letters, function: functionName(name) }));

export const DRIVER_FUNCTIONS: { readonly [name: string]: Finder } = Object.fromEntries(
  STATES.map(([name, , shapes]) => [functionName(name), finder(shapes, { begins: 'any' })]),
);
