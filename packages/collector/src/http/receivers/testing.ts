/** What the tests of the doors share: a collector over real HTTP, and what it knows afterwards. */
import type { Storage } from '../../storage/storage.ts';
import { startTestServer, type TestServer } from '../testing.ts';

export interface DoorServer extends TestServer {
  /** A key of scope ingest of the tenant `default`. */
  readonly sender: string;
  /** The raw samples of each series that a selector selects. @param range  how far back, a day unless given */
  samples(
    selector: string,
    range?: string,
  ): Promise<Readonly<Record<string, readonly (readonly [time: number, value: string])[]>>>;
  /** The value of a PromQL expression now, by series. */
  now(expression: string): Promise<Readonly<Record<string, string>>>;
}

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values?: readonly (readonly [number, string])[];
      readonly value?: readonly [number, string];
    }[];
  };
}

export async function startDoorServer(breakStorage?: (storage: Storage) => Storage): Promise<DoorServer> {
  const server = await startTestServer(breakStorage);
  const sender = await server.key('default', 'ingest');
  const reader = await server.key('default', 'read');

  async function ask(query: string): Promise<Answer['data']['result']> {
    const response = await fetch(`${server.url}/prometheus/api/v1/query?query=${encodeURIComponent(query)}`, {
      headers: { authorization: `Bearer ${reader}` },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${query}: ${response.status} ${text}`);
    return (JSON.parse(text) as Answer).data.result;
  }

  return {
    ...server,
    sender,
    async samples(selector, range = '1d') {
      const result = await ask(`${selector}[${range}]`);
      return Object.fromEntries(
        result.map(({ metric, values = [] }) => [
          nameOf(metric),
          values.map(([seconds, value]): [number, string] => [Math.round(seconds * 1000), value]),
        ]),
      );
    },
    async now(expression) {
      const result = await ask(expression);
      return Object.fromEntries(result.map(({ metric, value }) => [nameOf(metric), value?.[1] ?? '']));
    },
  };
}

function nameOf({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${value}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
