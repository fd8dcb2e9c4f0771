/**
 * Loaded before a program (`node --import`): its clock, also that of its threads, starts MOVED_CLOCK_MS away from the
 * real one and goes on by as many milliseconds as each line of its stdin says, as if the machine had slept for so
 * long. What waits for half a minute or longer waits by that clock; what is shorter, and what is measured by
 * `performance.now()`, by the real one.
 */
import { createInterface } from 'node:readline';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

const name = 'moved clock';
const offset = new Float64Array(
  isMainThread
    ? new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)
    : (getEnvironmentData(name) as SharedArrayBuffer),
);
const realNow = Date.now;
const now = (): number => realNow() + (offset[0] ?? 0);

globalThis.Date = new Proxy(Date, {
  get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
});

const longMs = 30_000;
const realTimeout = setTimeout;
globalThis.setTimeout = Object.assign((run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
  if (ms < longMs) return realTimeout(run, ms, ...args);
  const due = now() + ms;
  const timer = setInterval(() => {
    if (now() < due) return;
    clearInterval(timer);
    run(...args);
  }, 100);
  return timer;
}, realTimeout);

if (isMainThread) {
  setEnvironmentData(name, offset.buffer);
  offset[0] = Number(process.env['MOVED_CLOCK_MS'] ?? 0);
  createInterface({ input: process.stdin }).on('line', (ms) => {
    offset[0] = (offset[0] ?? 0) + Number(ms);
  });
  // It holds nothing up that ends.
  if ('unref' in process.stdin) process.stdin.unref();
}
