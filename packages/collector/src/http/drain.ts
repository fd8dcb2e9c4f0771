/** Lets requests that have begun come to their end, and refuses new ones, while a collector stops. */
import { TarsierError } from '@tarsier/protocol';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';

export interface Drain {
  readonly middleware: MiddlewareHandler<AppEnv>;
  readonly isOpen: () => boolean;
  /** A request that is part of one that has begun: it is let in, too, so that the other can come to its end. */
  partOf(request: Request): Request;
  /** Is told to end what waits to be begun, with that error, once it is closed. */
  onClose(end: (error: Error) => void): void;
  /** From now on requests are refused. @returns whether those that had begun have ended within `patienceMs` */
  close(patienceMs: number): Promise<boolean>;
}

/** Who asks these wants to know how it is, just now above all. */
const alwaysAnswered = /^\/(?:healthz|readyz|metrics)$/u;

export function createDrain(): Drain {
  let isOpen = true;
  let underWay = 0;
  let onQuiet = (): void => {};
  const waiting: ((error: Error) => void)[] = [];
  const parts = new WeakSet<Request>();
  return {
    isOpen: () => isOpen,
    partOf(request) {
      parts.add(request);
      return request;
    },
    onClose: (end) => void waiting.push(end),
    async middleware(c, next) {
      if (alwaysAnswered.test(c.req.path) || parts.has(c.req.raw)) return next();
      if (!isOpen) {
        // A client that keeps its connection would ask this one again.
        c.header('connection', 'close');
        throw stopping();
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
      for (const end of waiting) end(stopping());
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

function stopping(): TarsierError {
  return new TarsierError('http/stopping', 'the collector stops', { retryable: true });
}
