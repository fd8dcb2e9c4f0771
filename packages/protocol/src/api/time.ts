import { z } from 'zod';
import type { UnixMs } from '../sample.ts';

/** A time as Prometheus takes it, Unix seconds with fractions or RFC 3339; becomes Unix ms. */
export const timeParameter = z.string().transform((text, context): UnixMs => {
  const ms = /^-?\d+(\.\d+)?$/u.test(text) ? Math.round(Number(text) * 1000) : rfc3339(text);
  if (ms !== undefined && Math.abs(ms) <= 8.64e15) return ms;
  context.addIssue({
    code: 'custom',
    message: 'expected Unix seconds (1764000000.5) or RFC 3339 (2026-11-24T09:00:00Z)',
  });
  return z.NEVER;
});

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A length of time as Prometheus takes it, seconds (`0.5`) or with units (`1m30s`); becomes ms, at least 1. */
export const durationParameter = z.string().transform((text, context): number => {
  const ms = durationMs(text);
  if (ms !== undefined && ms >= 1) return ms;
  context.addIssue({ code: 'custom', message: 'expected seconds (15) or a duration (15s, 1m30s) of at least 1 ms' });
  return z.NEVER;
});

function durationMs(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/u.test(text)) return Math.round(Number(text) * 1000);
  if (!/^(\d+(ms|[smhdw]))+$/u.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/gu)) sum += Number(count) * (unitMs[unit ?? ''] ?? 0);
  return sum;
}

function rfc3339(text: string): UnixMs | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/u.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
