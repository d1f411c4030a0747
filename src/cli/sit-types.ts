/** The sensitive information types that `postern sit` knows: those built in, and those of the settings. */
import { ConfigError, nearest } from '#config/problems.ts';
import { loadTypes, type PlacedType } from '#config/sit.ts';
import { builtInTypes, findType } from '#rules/sit/built-in.ts';
import type { CustomType } from '#rules/sit/custom.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';
import { printable } from './table.ts';

/** Those of one's own; throws `ConfigError` with all that is wrong with them. */
export function customTypes({ settings }: CommandContext): readonly PlacedType[] {
  const reading = loadTypes(settings().config.mailFlow.sensitiveInformationTypes);
  if (reading.kind === 'refused') throw new ConfigError(reading.problems);
  return reading.placed;
}

/** Throws a `CommandFailure` that names what was most likely meant. */
export function demandType(name: string, own: readonly PlacedType[]): CustomType {
  const types = own.map(({ type }) => type);
  const type = findType(name, types);
  if (type !== undefined) return type;
  const meant = nearest(
    name,
    [...builtInTypes, ...types].map((each) => each.name),
  );
  throw new CommandFailure(
    'failed',
    `there is no sensitive information type ${printable(name)}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    'postern sit list shows those there are.',
  );
}
