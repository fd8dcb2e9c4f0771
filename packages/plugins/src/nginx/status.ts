/** What nginx tells of itself: the page of stub_status, and the JSON of NGINX Plus. Pure. */
import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';

export interface StubStatus {
  readonly active: number;
  readonly accepted: number;
  readonly handled: number;
  readonly requests: number;
  readonly reading: number;
  readonly writing: number;
  readonly waiting: number;
}

const page =
  /^Active connections: (?<active>\d+) *\n.*\n *(?<accepted>\d+) (?<handled>\d+) (?<requests>\d+).*\nReading: (?<reading>\d+) Writing: (?<writing>\d+) Waiting: (?<waiting>\d+)/u;

/** @throws {CheckFailure} `answer` when this is no such page */
export function parseStubStatus(text: string): StubStatus {
  const { groups } = page.exec(text) ?? {};
  if (groups === undefined)
    throw new CheckFailure('answer', `expected the page of stub_status, got ${JSON.stringify(text.slice(0, 60))}`);
  const number = (name: keyof StubStatus): number => Number(groups[name]);
  return {
    active: number('active'),
    accepted: number('accepted'),
    handled: number('handled'),
    requests: number('requests'),
    reading: number('reading'),
    writing: number('writing'),
    waiting: number('waiting'),
  };
}

const count = z.number();
const responses = z.record(z.string(), z.unknown());

/** What NGINX Plus has below its API, by path; of each what is measured. */
export const apiParts = {
  connections: z.object({ accepted: count, dropped: count, active: count, idle: count }),
  'http/requests': z.object({ total: count, current: count }),
  'http/server_zones': z.record(z.string(), z.object({ processing: count, responses, received: count, sent: count })),
  'http/upstreams': z.record(
    z.string(),
    z.object({
      peers: z.array(
        z.object({
          server: z.string(),
          state: z.string(),
          active: count,
          responses,
          fails: count,
          response_time: count.optional(),
        }),
      ),
    }),
  ),
} as const;

/** `1xx` to `5xx`, among other things. */
export function responseClasses(of: Readonly<Record<string, unknown>>): [code: string, count: number][] {
  return Object.entries(of).flatMap(([code, count]) =>
    /^[1-5]xx$/u.test(code) && typeof count === 'number' ? [[code, count]] : [],
  );
}
