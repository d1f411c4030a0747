/** The record store of other folders' tests keeps the contract, so what they prove holds for the real one. */
import { MemoryRecordStore, type SharedRecords } from '../doubles/records.ts';
import { at } from '../queue/mail.ts';
import { recordStoreContract } from './store.contract.ts';

recordStoreContract('memory', async (check) => {
  let now = at(0);
  const shared: SharedRecords = new Map();
  const setTime = (time: Date): void => {
    now = time;
  };
  await check({
    store: new MemoryRecordStore(() => now, shared),
    beside: new MemoryRecordStore(() => now, shared),
    setTime,
  });
});
