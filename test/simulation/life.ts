/** A process that may stand still, and be killed: what it waits for then comes later, or never. */
import type { VirtualTime } from './virtual-time.ts';

export interface Life {
  readonly name: string;
  readonly isOver: () => boolean;
  /** After so long, once it does not stand still any more; never, once it was killed. */
  pass(ms: number): Promise<void>;
  standStill(ms: number): void;
  kill(): void;
}

const never = new Promise<never>(() => {});

export function beginLife(name: string, time: VirtualTime): Life {
  let over = false;
  let stillUntil = 0;
  return {
    name,
    isOver: () => over,
    async pass(ms) {
      await time.sleep(ms);
      while (stillUntil > time.now()) await time.sleep(stillUntil - time.now());
      if (over) await never;
    },
    standStill(ms) {
      stillUntil = time.now() + ms;
    },
    kill() {
      over = true;
    },
  };
}
