import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

/** Of who asks; '' where there is no connection, as in a test. */
export function addressOf(c: Context<AppEnv>): string {
  return c.env?.incoming?.socket.remoteAddress ?? '';
}
