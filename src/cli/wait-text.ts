/** How long the next key must still be waited for, in words. */
import { waitFor, type PublishedKey } from '#publishing/rollover.ts';
import type { Sighting } from '#publishing/sightings.ts';
import { roughDuration } from './format.ts';

export function waitText(published: PublishedKey, sightings: readonly Sighting[], now: Date): string {
  const wait = waitFor(published, sightings, now);
  switch (wait.kind) {
    case 'over':
      return 'seen for twice its TTL: every sender knows it';
    case 'unseen':
      return `not seen at ${wait.names.join(', ')}: publish it there`;
    case 'running':
      return `seen at ${wait.name}, but not yet for twice its TTL: ready in ${roughDuration(wait.left)}, at ${wait.until.toISOString()}`;
  }
}
