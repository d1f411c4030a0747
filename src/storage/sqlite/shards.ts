/**
 * The layout of the data directory: one folder for each shard, and in it the files of that shard. A shard has at most one
 * owner at a time, which holds `lock.db`; the operator's tools open the databases without owning them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export type ShardFiles = {
  readonly directory: string;
  readonly queue: string;
  readonly trace: string;
  readonly lock: string;
  readonly spool: string;
};

export function shardFiles(dataDirectory: string, shard: number): ShardFiles {
  const directory = join(dataDirectory, `shard-${shard}`);
  return {
    directory,
    queue: join(directory, 'queue.db'),
    trace: join(directory, 'trace.db'),
    lock: join(directory, 'lock.db'),
    spool: join(directory, 'spool'),
  };
}

/** Numbers of the shards that exist, in order; none when there is no data directory yet. */
export function listShards(dataDirectory: string): readonly number[] {
  if (!existsSync(dataDirectory)) return [];
  return readdirSync(dataDirectory)
    .map((name) => /^shard-(\d{1,4})$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .filter((shard) => existsSync(shardFiles(dataDirectory, shard).queue))
    .toSorted((a, b) => a - b);
}
