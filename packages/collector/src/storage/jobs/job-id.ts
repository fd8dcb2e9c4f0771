import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(8 * 1024);
let used = pool.length;
let lastMs = 0;
let counter = 0;
const counters = 0x1000;

/**
 * A UUID version 7 (RFC 9562, section 5.7, with the counter of its section 6.2): later ones of this process sort after
 * earlier ones, also within a millisecond and when the clock is set back.
 */
export function newJobId(now: number): string {
  if (now > lastMs) {
    lastMs = Math.floor(now);
    counter = 0;
  } else if (++counter === counters) {
    lastMs++;
    counter = 0;
  }
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const count = counter.toString(16).padStart(3, '0');
  const random = Buffer.from(pool.buffer, used, 8).toString('hex');
  used += 8;
  const variant = (8 + (Number.parseInt(random[0] ?? '0', 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${variant}${random.slice(1, 4)}-${random.slice(4)}`;
}
