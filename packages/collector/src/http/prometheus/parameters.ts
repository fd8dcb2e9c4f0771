/** Parameters of Prometheus's API, from the address and from a form; messages are Prometheus's. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { Context } from 'hono';
import { parseDuration } from '../../query/language/duration.ts';
import { parseNumber } from '../../query/language/number.ts';
import type { AppEnv } from '../app-env.ts';
import { readBody } from '../body.ts';

/** A long expression is sent as a form. */
const maxFormBytes = 1024 * 1024;
/** Times that clients send for "all there is". */
const maxTimeMs = 8.64e15;

export class Parameters {
  readonly #given: URLSearchParams;

  constructor(given: URLSearchParams) {
    this.#given = given;
  }

  /** What comes in the form goes before the address. @throws {TarsierError} `http/too-large` */
  static async of(c: Context<AppEnv>): Promise<Parameters> {
    const given = new URL(c.req.url).searchParams;
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (c.req.method !== 'POST' || type !== 'application/x-www-form-urlencoded') return new Parameters(given);
    const form = new URLSearchParams(new TextDecoder().decode(await readBody(c, maxFormBytes)));
    for (const [name, value] of given) form.append(name, value);
    return new Parameters(form);
  }

  text(name: string): string {
    return this.#given.get(name) ?? '';
  }

  all(name: string): readonly string[] {
    return this.#given.getAll(name);
  }

  has(name: string): boolean {
    return this.text(name) !== '';
  }

  /** Unix seconds or RFC 3339. @throws {TarsierError} `query/parameter` */
  time(name: string): UnixMs {
    const text = this.text(name);
    const seconds = parseSigned(text);
    const ms = seconds === undefined ? rfc3339(text) : Math.round(seconds * 1000);
    if (ms === undefined || Number.isNaN(ms)) {
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
    }
    return Math.min(maxTimeMs, Math.max(-maxTimeMs, ms));
  }

  timeOr(name: string, otherwise: UnixMs): UnixMs {
    return this.has(name) ? this.time(name) : otherwise;
  }

  /** Seconds or `1m30s`, in ms. @throws {TarsierError} `query/parameter` */
  duration(name: string): number {
    const text = this.text(name);
    const seconds = parseSigned(text);
    const ms = seconds === undefined ? parseDuration(text) : seconds * 1000;
    if (ms === undefined || !Number.isFinite(ms)) {
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
    }
    return Math.round(ms);
  }

  /** Most results that are wanted; Infinity where no limit is set. @throws {TarsierError} `query/parameter` */
  limit(name: string): number {
    const text = this.text(name);
    if (text === '') return Infinity;
    if (!/^\d{1,9}$/u.test(text)) throw invalid(name, 'limit must be non-negative');
    const limit = Number(text);
    return limit === 0 ? Infinity : limit;
  }
}

export function invalid(name: string, why: string): TarsierError {
  return new TarsierError('query/parameter', `invalid parameter ${JSON.stringify(name)}: ${why}`, { field: name });
}

function parseSigned(text: string): number | undefined {
  const value = parseNumber(text.replace(/^[+-]/u, ''));
  return value === undefined || !text.startsWith('-') ? value : -value;
}

function rfc3339(text: string): UnixMs | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/u.test(text)) return undefined;
  return Date.parse(text);
}
