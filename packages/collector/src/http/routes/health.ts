import { Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';

/** A database that hangs is none: who asks wants to send requests elsewhere meanwhile. */
const patienceMs = 2_000;

function late(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), patienceMs).unref();
  });
}

/** `GET /healthz` (alive), `/readyz` (serving, database reachable). */
export function healthRoutes({
  storage,
  ready,
  writable,
}: {
  readonly storage: Pick<Storage, 'ping'>;
  readonly ready: () => boolean;
  /** Whether the database takes what is written: one whose disk is full still answers. */
  readonly writable: () => boolean;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/healthz', (c) => c.text('ok\n'))
    .get('/readyz', async (c) => {
      if (!ready()) return c.text('starting or stopping\n', 503);
      try {
        await Promise.race([storage.ping(), late()]);
        return writable() ? c.text('ready\n') : c.text('the database takes nothing\n', 503);
      } catch {
        return c.text('the database does not answer\n', 503);
      }
    });
}
