import { createCollectorSource } from './collector-source.ts';
import type { CollectorSource } from './collector-source.ts';
import { browserSocket } from './socket.ts';
import type { TokenKeeper } from './token-keeper.ts';

export { createTokenKeeper, tokenFromUrl } from './token-keeper.ts';

/** @param src  where the collector is; empty: where the page is from */
export function connect(src: string, tokens: TokenKeeper | undefined): CollectorSource {
  const base = new URL(src === '' ? '/' : src, document.baseURI);
  const live = new URL('/v1/live', base);
  live.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  return createCollectorSource({
    baseUrl: base.origin,
    tokens,
    fetch: (url, init) => fetch(url, init),
    openSocket: browserSocket(live),
  });
}
