/** A full disk: mail is refused as such, nothing is lost, and the queue goes on by itself once there is space. */
import { test } from 'node:test';
import { runOnSmallDisk } from './small-disk.ts';

test('a full disk refuses mail and nothing else, and what is freed is used again', () =>
  runOnSmallDisk(new URL('./full-disk.ts', import.meta.url).pathname));
