/** A full disk: records are refused as such, those that are there are answered, and the store goes on by itself. */
import { test } from 'node:test';
import { runOnSmallDisk } from './small-disk.ts';

test('a full disk refuses new records and nothing else, and what is freed is used again', () =>
  runOnSmallDisk(new URL('./records-full-disk.ts', import.meta.url).pathname));
