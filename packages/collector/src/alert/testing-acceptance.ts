/**
 * A language for tests of the whole way, from a sample to a receiver, in the manner of Alertmanager's acceptance tests:
 * what is pushed at which second, and what is wanted between which. Rules, pipeline, outbox, and the receiver's HTTP
 * are real; the clock is the test's.
 */
import {
  newInhibitionSchema,
  newRuleSchema,
  newSilenceSchema,
  type NewInhibition,
  type NewRoute,
  type NewRuleInput,
  type NewSilence,
  type ChannelInput,
} from '@tarsier/protocol/api';
import type { Storage } from '../storage/storage.ts';
import { start, startAlerting } from './testing.ts';

/** What happens at a second. */
export type Push =
  /** Samples of `busy`, a second apart. */
  | readonly [at: number, what: 'push', host: string, values: readonly number[]]
  /** From now on the receiver answers so; 200 takes what comes. */
  | readonly [at: number, what: 'receiver', status: number, retryAfterS?: number]
  /** The collector is killed, and started anew. */
  | readonly [at: number, what: 'restart'];

/** `<why> <title>` reaches the receiver in these seconds, both included. */
export type Want = readonly [from: number, to: number, told: string];

export interface Acceptance {
  readonly rules: readonly NewRuleInput[];
  readonly route?: Partial<NewRoute>;
  readonly rateLimit?: ChannelInput['rateLimit'];
  readonly silences?: readonly Partial<NewSilence>[];
  readonly inhibitions?: readonly NewInhibition[];
  readonly happens: readonly Push[];
  readonly want: readonly Want[];
  /** What is not told, and why. */
  readonly unsent?: readonly string[];
  /** In seconds. */
  readonly until: number;
}

/** Between two looks of the collector, where nothing happens. */
const stepS = 5;

/** @returns what differs: wanted and not told, or told and not wanted; and what was not told, with its reason */
export async function accept(
  storage: Storage,
  tenant: string,
  { rules, route, rateLimit, silences = [], inhibitions = [], happens, want, until }: Acceptance,
): Promise<{ readonly problems: readonly string[]; readonly unsent: readonly string[] }> {
  const scope = await storage.tenants.ensure(tenant);
  const { alertPolicies: policies, channels } = storage;
  for (const one of silences) await policies.silences.create(scope, newSilenceSchema.parse(one));
  for (const one of inhibitions) await policies.inhibitions.create(scope, newInhibitionSchema.parse(one));
  const parsed = rules.map((rule) => newRuleSchema.parse(rule));
  const t = await startAlerting(storage, tenant, parsed, route);
  if (rateLimit !== undefined) {
    for (const { id, ...channel } of await channels.list(scope))
      await channels.replace(scope, id, { ...channel, rateLimit });
    await t.restart();
  }
  const told: { readonly at: number; readonly what: string }[] = [];
  const times = new Set(Array.from({ length: Math.floor(until / stepS) + 1 }, (_, index) => index * stepS));
  for (const [at] of happens) times.add(at).add(at + 1);
  let before = -1;
  try {
    for (const at of [...times].toSorted((a, b) => a - b)) {
      for (const one of happens) await happen(t, one, before, at);
      before = at;
      await t.jumpTo(at);
      for (const { because, incident } of t.received.slice(told.length))
        told.push({ at, what: `${because} ${incident.title}` });
    }
    return { problems: compare(want, told), unsent: await t.unsent() };
  } finally {
    t.close();
  }
}

/** What happens after one second and up to another; samples come when they are taken. */
async function happen(
  t: Awaited<ReturnType<typeof startAlerting>>,
  push: Push,
  after: number,
  upTo: number,
): Promise<void> {
  const [at] = push;
  if (push[1] === 'push') {
    const from = Math.max(0, after + 1 - at);
    const values = push[3].slice(from, Math.max(from, upTo + 1 - at));
    if (values.length > 0) t.see(values, at + from, undefined, push[2]);
  } else if (at <= after || at > upTo) return;
  else if (push[1] === 'restart') await t.restart(at);
  else {
    const retryAfter = push[3] === undefined ? {} : { headers: { 'retry-after': String(push[3]) } };
    t.refuse(push[2] !== 200, { status: push[2], ...retryAfter });
  }
}

function compare(want: readonly Want[], told: readonly { readonly at: number; readonly what: string }[]): string[] {
  const left = [...told];
  const problems: string[] = [];
  for (const [from, to, what] of want) {
    const found = left.findIndex((one) => one.what === what && one.at >= from && one.at <= to);
    if (found === -1) problems.push(`wanted from ${from} to ${to}: ${what}`);
    else left.splice(found, 1);
  }
  return [...problems, ...left.map(({ at, what }) => `not wanted, at ${at}: ${what}`)];
}

/** When the test's clock shows that second. */
export const atSecond = (second: number): number => start + second * 1_000;
