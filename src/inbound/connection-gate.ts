/** Counts connections, in all and by address, so that no client and no crowd can take every socket. */
import type { InboundLimits } from './settings.ts';

export type Entry = { readonly kind: 'entered'; readonly leave: () => void } | { readonly kind: 'full' };

export class ConnectionGate {
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  /** `leave` may be called any number of times. */
  enter(ip: string, limits: Pick<InboundLimits, 'connections' | 'connectionsPerAddress'>): Entry {
    const here = this.#byAddress.get(ip) ?? 0;
    if (this.#total >= limits.connections || here >= limits.connectionsPerAddress) return { kind: 'full' };
    this.#total += 1;
    this.#byAddress.set(ip, here + 1);
    let isInside = true;
    return {
      kind: 'entered',
      leave: () => {
        if (isInside) this.#leave(ip);
        isInside = false;
      },
    };
  }

  #leave(ip: string): void {
    this.#total -= 1;
    const left = (this.#byAddress.get(ip) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(ip);
    else this.#byAddress.set(ip, left);
  }
}
