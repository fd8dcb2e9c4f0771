/** A door that takes lines: over HTTP, where the sender is told what is wrong, and on a unix socket. */
import type { Host } from '../host/host.ts';
import type { MetricSpec, ScrapeOutput } from '../plugin.ts';
import { openHttpDoor, type DoorAnswer, type OpenRoute } from './http-door.ts';
import { createLineSocket, type LineSocket } from './line-socket.ts';
import { createTally } from './tally.ts';
import { createTokenBucket } from './token-bucket.ts';

/** What became of a text. */
export interface TakenLines {
  readonly taken: number;
  /** How many were not, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Some of them, in words for who sent them. */
  readonly errors: readonly string[];
}

export type TakeLines = (text: string) => TakenLines;

export interface LineDoorOptions {
  readonly host: Host;
  /** Begins the names of {@link lineDoorMetrics}. */
  readonly plugin: string;
  /** As a setting has it. */
  readonly listen: string;
  /** What takes the lines that are posted to a path. */
  readonly routes: Readonly<Record<string, TakeLines>>;
  readonly socket?: { readonly path: string; readonly take: TakeLines } | undefined;
  readonly maxLinesPerSecond: number;
}

export interface LineDoor {
  listening(): Promise<void>;
  /** Its own metrics. */
  put(out: ScrapeOutput): void;
  close(): Promise<void>;
}

/** Metrics of a door, for its plugin's table. */
export function lineDoorMetrics(plugin: string): Record<string, MetricSpec> {
  return {
    [`${plugin}_lines_total`]: { kind: 'counter', unit: '', help: 'Lines that were taken.' },
    [`${plugin}_dropped_total`]: { kind: 'counter', unit: '', help: 'Lines that were not taken, by reason.' },
    [`${plugin}_answers_total`]: { kind: 'counter', unit: '', help: 'Answers to HTTP requests, by status.' },
  };
}

/** Of one text, that its sender is told. */
const mostErrors = 10;

export function createLineDoor(options: LineDoorOptions): LineDoor {
  const { host, plugin, listen, maxLinesPerSecond } = options;
  const dropped = createTally(`${plugin}_dropped_total`, 'why', ['malformed', 'rate']);
  const tokens = createTokenBucket(maxLinesPerSecond, () => host.now());
  let lines = 0;

  /** @returns undefined when there came too many */
  function takeWithinRate(text: string, take: TakeLines): TakenLines | undefined {
    const count = linesIn(text);
    if (!tokens.take(count)) {
      dropped.add('rate', count);
      return undefined;
    }
    const result = take(text);
    lines += result.taken;
    for (const [why, refused] of result.refused) dropped.add(why, refused);
    return result;
  }

  const door = listen === '' ? undefined : openHttpDoor(host, listen);
  const routes = Object.entries(options.routes).map(([path, take]) =>
    door?.value.route(path, {
      take({ body }) {
        const result = takeWithinRate(body.toString(), take);
        if (result === undefined) return refusal(429, `expected at most ${maxLinesPerSecond} lines a second`);
        return answer(result);
      },
      refuse: refusal,
    }),
  );
  const socket = options.socket && createSocketOf(options.socket);

  function createSocketOf({ path, take }: { readonly path: string; readonly take: TakeLines }): LineSocket {
    return createLineSocket({
      path,
      onLines: (text) => void takeWithinRate(text, take),
      onTooLong: () => dropped.add('malformed'),
    });
  }

  return {
    async listening() {
      await door?.value.listening();
      await socket?.listening();
    },
    put(out) {
      out.counter(`${plugin}_lines_total`, lines);
      dropped.put(out);
      for (const [status, count] of sumOf(routes)) out.counter(`${plugin}_answers_total`, count, { status });
    },
    async close() {
      for (const route of routes) route?.close();
      await door?.release();
      await socket?.close();
    },
  };
}

function sumOf(routes: readonly (OpenRoute | undefined)[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const route of routes)
    for (const [status, count] of route?.answers ?? [])
      sums.set(String(status), (sums.get(String(status)) ?? 0) + count);
  return sums;
}

function answer({ taken, refused, errors }: TakenLines): DoorAnswer {
  if (refused.size === 0) return { status: 204 };
  const left = [...refused.values()].reduce((sum, count) => sum + count, 0);
  // What is wrong stays wrong when it is sent again, so 400; but not where that would repeat what was taken.
  return json(taken > 0 ? 200 : 400, { taken, refused: left, errors: errors.slice(0, mostErrors) });
}

function refusal(status: number, message: string): DoorAnswer {
  return json(status, { taken: 0, errors: [message] });
}

function json(status: number, body: unknown): DoorAnswer {
  return {
    status,
    contentType: 'application/json',
    body: `${JSON.stringify(body)}\n`,
    ...(status === 429 ? { retryAfterSeconds: 1 } : {}),
  };
}

/** Blank lines count as well: they have to be read. */
function linesIn(text: string): number {
  let count = text === '' || text.endsWith('\n') ? 0 : 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
