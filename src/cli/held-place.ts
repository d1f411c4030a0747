/** What commands about kept mail have in common: where they look, and what they say when it is not there. */
import type { HeldDesk } from '#held/desk.ts';
import type { HeldKind } from '#held/store.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';

export type HeldPlace = { readonly context: CommandContext; readonly desk: HeldDesk; readonly kind: HeldKind };

export const noSuchEntry = (kind: HeldKind, id: string): CommandFailure =>
  new CommandFailure('failed', `there is no ${id} in ${kind}`, whereToLook(kind, id));

/** For an id of which there is nothing that could be decided about. */
export const whereToLook = (kind: HeldKind, id: string): string =>
  `See what there is with: postern ${kind} list --state all, and what became of it with: postern trace ${id}`;
