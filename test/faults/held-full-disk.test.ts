/** A full disk: mail is not kept back half, what is there is read and let go, and the store goes on by itself. */
import { test } from 'node:test';
import { runOnSmallDisk } from './small-disk.ts';

test('a full disk refuses more mail and loses none, and deleting makes room', () =>
  runOnSmallDisk(new URL('./held-full-disk.ts', import.meta.url).pathname));
