/** Charts that are fed as on a page of ours, through the live client and its rings, with a collector that is played. */
import { encodeLiveFrame, type LiveMessage, type LiveRequest } from '@tarsier/protocol/live';
import { createCollectorSource } from '../data/collector-source.ts';
import type { Socket, SocketHandlers } from '../data/socket.ts';
import { define, elements } from '../define.ts';
import type { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';

export interface LiveBench {
  readonly provider: TarsierProvider;
  /** A second passes for all subscriptions. */
  tick(): void;
  /** The connection breaks; resolves when everything is subscribed anew. */
  cut(): Promise<void>;
}

const lists: Readonly<Record<string, string>> = {
  hosts: 'hosts',
  alerts: 'alerts',
  anomalies: 'anomalies',
  events: 'events',
};

/** @param series  of each chart */
export function startLive(charts: number, series: number): LiveBench {
  define(elements);
  let now = 1_700_000_000_000;
  let handlers: SocketHandlers | undefined;
  let open = false;
  const subscribed = new Map<number, number>();
  const waiting = new Set<() => void>();

  const say = (message: LiveMessage): void => handlers?.text(JSON.stringify(message));
  const value = (line: number): number => 0.5 + 0.4 * Math.sin(now / 20_000 + line);
  const frame = (id: number, kind: 'snap' | 'delta'): void => {
    const times = Float64Array.of(now);
    const columns = Array.from({ length: series }, (_, line) => ({ ref: line, values: Float64Array.of(value(line)) }));
    handlers?.bytes(encodeLiveFrame({ kind, id, groups: [{ times, columns }] }));
  };

  function hear(request: LiveRequest): void {
    if (request.type === 'hello') say({ type: 'welcome', now, tenant: 'bench' });
    else if (request.type === 'unsub') subscribed.delete(request.id);
    else if (request.type === 'sub') {
      const { id } = request;
      const described = Array.from({ length: series }, (_, ref) => ({
        ref,
        name: 'x',
        labels: { host: 'a', chart: request.selector, line: String(ref) },
        kind: 'gauge' as const,
        unit: 'ratio',
      }));
      say({ type: 'series', id, series: described });
      frame(id, request.since === undefined ? 'snap' : 'delta');
      subscribed.set(id, now);
      if (subscribed.size >= charts) for (const done of waiting) done();
    }
  }

  const source = createCollectorSource({
    baseUrl: '',
    // Its time is that of the samples, however fast they come: by the wall's clock each cut would come a moment after
    // the one before, and be answered with the longest pause.
    now: () => now,
    random: () => 0,
    fetch: async (url) => {
      const [path = ''] = url.split('?');
      const list = lists[path.split('/').at(-1) ?? ''];
      return Response.json(list === undefined ? { data: { result: [] }, scope: 'read' } : { [list]: [] });
    },
    openSocket(given): Socket {
      handlers = given;
      open = true;
      queueMicrotask(() => given.opened());
      return {
        get open() {
          return open;
        },
        send: (text) => queueMicrotask(() => hear(JSON.parse(text) as LiveRequest)),
        close: () => (open = false),
      };
    },
  });
  source.start();
  const provider = document.createElement('tarsier-provider');
  provider.source = source;
  for (let chart = 0; chart < charts; chart++) {
    const element = document.createElement('tarsier-chart');
    element.selector = `x{chart="${chart}"}`;
    element.label = `Chart ${chart}`;
    provider.append(element);
  }
  return {
    provider,
    tick() {
      now += 1000;
      for (const id of subscribed.keys()) frame(id, 'delta');
    },
    async cut() {
      subscribed.clear();
      const again = new Promise<void>((resolve) => waiting.add(resolve));
      open = false;
      handlers?.closed(1006);
      await again;
      waiting.clear();
    },
  };
}
