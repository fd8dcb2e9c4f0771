/**
 * Where who floods is refused: in front of the app, with the answer that it was given a moment ago, and without reading
 * what it sends. What the app refuses for the first time costs ten times as much.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import { LimitError, type RateLimit } from '../limit-error.ts';
import type { RefusalBrake } from '../tenancy/refusal-brake.ts';
import type { AppEnv } from './app-env.ts';
import { requestIdHeader, requestIdOf } from './request-id.ts';

export interface RefusalGate {
  /** Of the app, around all others: keeps the answers of those who have used what they may, and has them wait. */
  readonly middleware: MiddlewareHandler<AppEnv>;
  readonly floods: RefusalBrake['floods'];
  /** What stands in front of the app. */
  guard(app: RequestListener): RequestListener;
}

/** A refusal as it goes over the wire, without the request's id. */
interface Refusal {
  /** It is refused as long as this is used up: one who asks may be under several. */
  readonly rate: RateLimit;
  readonly status: number;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  /** What is before and after the id: a character for each byte, so that Node sends it with the headers in one piece. */
  readonly body: readonly [string, string?];
}

/** Somebody who has used what it may. */
interface Refused {
  readonly until: number;
  /** By the door, each of which says it in its own words. */
  readonly refusals: Map<string, Refusal>;
}

/** So long answers are good for: they say when to come again. */
const mostKeptMs = 1_000;
const maxRefused = 1_000;
const maxDoors = 50;
/** To hear the end of a larger body costs more than a new connection does. */
const maxUnreadBytes = 1024 * 1024;

/** Doors that refuse in the same words. Other addresses are no doors: a page and its files are for everyone. */
const doors =
  /^\/(?:v1\/(?:ingest|import|metrics|(?!docs|openapi|sign-in|enrol|live))|prometheus\/api\/v1\/write|prometheus|alertmanager|api\/v[12]\/write|write|mcp)/u;
const ofPages = /^\/v1\/(?!metrics)/u;

export function createRefusalGate({
  brake,
  now,
  onRefused = () => {},
}: {
  readonly brake: RefusalBrake;
  readonly now: () => number;
  /** Is told of each that the app has not seen. */
  readonly onRefused?: (status: number) => void;
}): RefusalGate {
  const known = new Map<string, Refused>();

  function find(incoming: IncomingMessage): Refusal | undefined {
    if (known.size === 0) return undefined;
    const name = nameOf(incoming);
    const refused = name === undefined ? undefined : known.get(name);
    if (name === undefined || refused === undefined) return undefined;
    if (refused.until <= now()) {
      known.delete(name);
      return undefined;
    }
    const door = doorOf(incoming);
    const refusal = door === undefined ? undefined : refused.refusals.get(door);
    return refusal?.rate.isSpent() === true ? refusal : undefined;
  }

  function keep(incoming: IncomingMessage, refusal: Refusal): void {
    const [name, door] = [nameOf(incoming), doorOf(incoming)];
    if (name === undefined || door === undefined) return;
    let refused = known.get(name);
    if (refused === undefined || refused.until <= now()) {
      if (known.size >= maxRefused) known.clear();
      refused = { until: now() + mostKeptMs, refusals: new Map() };
      known.set(name, refused);
    }
    if (refused.refusals.size < maxDoors) refused.refusals.set(door, refusal);
  }

  return {
    floods: brake.floods,
    async middleware(c, next) {
      try {
        await next();
      } finally {
        c.get('endTurn')?.();
      }
      if (!(c.error instanceof LimitError) || c.error.rate === undefined) return;
      const { rate } = c.error;
      const { incoming, outgoing } = c.env ?? {};
      // What a tool of MCP asks is answered to the tool.
      if (incoming?.url?.startsWith(c.req.path) === true && outgoing !== undefined) {
        const body = Buffer.from(await c.res.clone().arrayBuffer());
        const headers = new Map<string, string>([
          ...Object.entries(outgoing.getHeaders()).map(([header, value]) => [header, String(value)] as const),
          ...c.res.headers,
        ]);
        for (const own of [requestIdHeader, 'content-length', 'set-cookie']) headers.delete(own);
        keep(incoming, {
          rate,
          status: c.res.status,
          headers: [...headers].flat(),
          body: aroundId(body.toString('latin1'), c.get('requestId')),
        });
      }
      if (await brake.hold(rate)) c.header('connection', 'close');
    },
    guard: (app) => (incoming, outgoing) => {
      const refusal = find(incoming);
      if (refusal === undefined) return app(incoming, outgoing);
      onRefused(refusal.status);
      void refuse(incoming, outgoing, refusal, brake.hold(refusal.rate));
      return undefined;
    },
  };
}

async function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body }: Refusal,
  held: Promise<boolean>,
): Promise<void> {
  const isTooMany = await held;
  // Nobody waits for it any more.
  if (outgoing.destroyed) return;
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
  const [given] = [incoming.headers[requestIdHeader] ?? []].flat();
  const id = requestIdOf(given);
  const isLong = encoding !== undefined || Number(length ?? 0) > maxUnreadBytes;
  const [before, after] = body;
  const text = after === undefined ? before : `${before}${id}${after}`;
  const own = [requestIdHeader, id, 'content-length', String(text.length)];
  if (isTooMany || isLong) own.push('connection', 'close');
  outgoing.writeHead(status, [...headers, ...own]);
  outgoing.end(text, 'latin1');
}

/** An answer, which need not be text, without the id where it names one. */
function aroundId(body: string, id: string): Refusal['body'] {
  const named = body.indexOf(`"requestId":"${id}"`);
  if (named === -1) return [body];
  const at = body.indexOf(id, named);
  return [body.slice(0, at), body.slice(at + id.length)];
}

/** Who asks, as far as its headers say so. By its hash: what is kept in memory opens nothing. */
function nameOf({ url = '', headers: { authorization = '', cookie = '' } }: IncomingMessage): string | undefined {
  // A session counts where pages ask; elsewhere a key may be in the address.
  const isKnown = authorization !== '' || (cookie !== '' && ofPages.test(url));
  return isKnown ? hash('sha256', `${authorization}\n${cookie}`, 'base64') : undefined;
}

function doorOf({ url = '', headers }: IncomingMessage): string | undefined {
  const [door] = doors.exec(url) ?? [];
  if (door === undefined) return undefined;
  // By which Prometheus and OpenTelemetry choose how they are answered.
  const type = headers['content-type'] ?? '';
  return `${door} ${type.includes('json')} ${type.includes('proto=io')} ${headers.origin ?? ''}`;
}
