/** The SQLite queue keeps the contract. A crash that no test process survives is in `test/faults/`. */
import { queueStoreContract } from '../queue/store.contract.ts';
import { inDataDirectory } from './shard-directory.ts';

queueStoreContract('SQLite', async (check) =>
  inDataDirectory(async ({ open }) => {
    const store = await open();
    const reopen = async () => {
      await store.close();
      return open();
    };
    await check({ store, reopen });
  }),
);
