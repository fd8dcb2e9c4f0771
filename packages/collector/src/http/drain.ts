/** Lets requests that have begun come to their end, and refuses new ones, while a collector stops. */
import { TarsierError } from '@tarsier/protocol';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';

export interface Drain {
  readonly middleware: MiddlewareHandler<AppEnv>;
  readonly isOpen: () => boolean;
  /** From now on requests are refused. @returns whether those that had begun have ended within `patienceMs` */
  close(patienceMs: number): Promise<boolean>;
}

/** Who asks these wants to know how it is, just now above all. */
const alwaysAnswered = /^\/(?:healthz|readyz|metrics)$/u;

export function createDrain(): Drain {
  let isOpen = true;
  let underWay = 0;
  let onQuiet = (): void => {};
  return {
    isOpen: () => isOpen,
    async middleware(c, next) {
      if (alwaysAnswered.test(c.req.path)) return next();
      if (!isOpen) {
        // A client that keeps its connection would ask this one again.
        c.header('connection', 'close');
        throw new TarsierError('http/stopping', 'the collector stops', { retryable: true });
      }
      underWay++;
      try {
        await next();
      } finally {
        if (--underWay === 0) onQuiet();
      }
      return undefined;
    },
    async close(patienceMs) {
      isOpen = false;
      if (underWay === 0) return true;
      return new Promise((resolve) => {
        const late = setTimeout(() => resolve(false), patienceMs);
        onQuiet = () => {
          clearTimeout(late);
          resolve(true);
        };
      });
    },
  };
}
