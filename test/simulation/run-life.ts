/** One made-up life of agents and collectors of two tenants, as a seed decides: what all of it came to. */
import type { Alert, Incident, UnixMs } from '@tarsier/protocol';
import {
  newChannelSchema,
  newRouteSchema,
  newRuleSchema,
  type Channel,
  type Rule,
  type ThresholdRule,
} from '@tarsier/protocol/api';
import type { NewNotification } from '../../packages/collector/src/storage/incidents.ts';
import type { TenantScope } from '../../packages/collector/src/tenant.ts';
import { createChance } from './chance.ts';
import { beginLife } from './life.ts';
import { createModelDatabase, type Commit } from './model-database.ts';
import { createNetwork } from './network.ts';
import { startSimulatedAgent, type SimulatedAgent } from './simulated-agent.ts';
import { startSimulatedCollector, type SimulatedCollector } from './simulated-collector.ts';
import { startVirtualTime } from './virtual-time.ts';

export interface TenantLife {
  readonly scope: TenantScope;
  readonly agents: readonly Pick<SimulatedAgent, 'host' | 'counts' | 'waiting'>[];
  readonly commits: readonly Commit[];
  readonly alerts: readonly { readonly alert: Alert; readonly at: UnixMs }[];
  readonly incidents: readonly Incident[];
  readonly notifications: readonly NewNotification[];
  readonly takeOvers: readonly UnixMs[];
}

export const silentForMs = 60_000;
const threshold = { kind: 'threshold', op: '>', severity: 'warning', clear: 0.65, value: 0.7 };
const rulesInput = [
  { ...threshold, id: 'at-once', name: 'At once', selector: 'busy' },
  { ...threshold, id: 'lasting', name: 'Lasting', selector: 'busy', forMs: 15_000, keepFiringMs: 20_000 },
  {
    ...threshold,
    id: 'rate',
    name: 'Rate',
    selector: 'sent_total',
    reduce: 'rate',
    value: 80,
    clear: 60,
    forMs: 5_000,
  },
  { kind: 'no-data', id: 'silent', name: 'Silent', forMs: silentForMs, selector: 'busy' },
];
const rules: readonly Rule[] = rulesInput.map(({ id, ...rule }) => ({ ...newRuleSchema.parse(rule), id }));
export const thresholdRules = rules.filter((rule): rule is ThresholdRule => rule.kind === 'threshold');

/** Each alert is an incident of its own, and is told at once. */
const route = {
  id: 'all',
  ...newRouteSchema.parse({
    name: 'all',
    groupBy: ['alertname', 'host'],
    togetherMs: 0,
    togetherBy: [],
    groupIntervalMs: 0,
    repeatMs: 0,
    cooldownMs: 0,
    flapping: { count: 1_000 },
  }),
};
const channel: Channel = {
  id: 'ops',
  ...newChannelSchema.parse({
    kind: 'webhook',
    name: 'ops',
    url: 'http://ops.example/',
    rateLimit: { count: 1_000, perMs: 60_000 },
  }),
};

const tenants: readonly TenantScope[] = [
  { tenantId: 1, tenant: 'one' },
  { tenantId: 2, tenant: 'two' },
];
/** The same names in both tenants: what is mixed up shows. */
const hosts = ['a', 'b', 'c'];
const collectorCount = 3;
const start = Date.UTC(2026, 10, 24, 10);
const faultyMs = 9 * 60_000;
/** Longer than any fault lasts, and than agents wait between two tries; and than it takes until a silent host is told of. */
const calmMs = 7 * 60_000;
const silentMs = 300_000;

export async function runLife(seed: number): Promise<readonly TenantLife[]> {
  const chance = createChance(seed);
  const time = startVirtualTime(start);
  try {
    let healed = false;
    const breaks = (): number => (healed ? 0 : 4);
    const database = createModelDatabase({ time, chance, tenants, rules, route, channel, breaks });
    const collectors: (SimulatedCollector | undefined)[] = [];
    const network = createNetwork({ time, chance, collectorAt: (place) => collectors[place] });
    const skews = Array.from({ length: collectorCount }, () => chance.between(-20_000, 20_000));

    async function startCollector(place: number): Promise<void> {
      const now = (): number => Math.round(time.now() + (skews[place] ?? 0));
      // One that can not start is started again, as by whoever looks after the process.
      for (;;) {
        const life = beginLife(`collector ${place}`, time);
        try {
          collectors[place] = await startSimulatedCollector(life, database.connect(life), now);
          return;
        } catch {
          life.kill();
          await time.sleep(1_000);
        }
      }
    }
    function killCollector(place: number): void {
      const collector = collectors[place];
      if (collector === undefined) return;
      collector.life.kill();
      collectors[place] = undefined;
      time.after(chance.between(500, 20_000), () => void startCollector(place));
    }
    for (let place = 0; place < collectorCount; place++) void startCollector(place);

    const agents = tenants.flatMap((scope, tenant) =>
      hosts.map((host, index) => {
        const agent = tenant * hosts.length + index;
        const posters = new Map(
          Array.from({ length: collectorCount }, (_, at) => {
            const place = (agent + at) % collectorCount;
            return [`http://collector-${place}.example`, network.poster(scope, agent, place)] as const;
          }),
        );
        return startSimulatedAgent({ scope, host, posters, time, chance });
      }),
    );

    const anyAgent = (): number => Math.floor(chance.number() * agents.length);
    const anyCollector = (): number => Math.floor(chance.number() * collectorCount);
    const inMs = (low: number, high: number): number => time.now() + chance.between(low, high) * 1_000;
    const leaderPlace = (): number => {
      const leader = database.leader(
        tenants[Math.floor(chance.number() * tenants.length)] ?? { tenantId: 1, tenant: '' },
      );
      return collectors.findIndex((one) => one !== undefined && one.life === leader);
    };
    const faults: readonly [() => void, ...(() => void)[]] = [
      () => killCollector(anyCollector()),
      () => killCollector(leaderPlace()),
      () => killCollector(leaderPlace()),
      () => collectors[anyCollector()]?.life.standStill(chance.between(1_000, 30_000)),
      () => collectors[leaderPlace()]?.life.standStill(chance.between(5_000, 30_000)),
      () => database.slow(inMs(5, 40), chance.between(100, 3_000)),
      () => database.away(inMs(1, 30)),
      () => network.cut(anyAgent(), anyCollector(), inMs(5, 60)),
      () => network.cut(anyAgent(), undefined, inMs(5, 100)),
      () => agents[anyAgent()]?.kill(chance.between(1_000, 10_000)),
      () => agents[anyAgent()]?.slowDisk(inMs(5, 60), chance.between(100, 8_000)),
      () => void (skews[anyCollector()] = chance.between(-20_000, 20_000)),
    ];
    time.after(chance.between(60_000, 200_000), () => agents[anyAgent()]?.kill(silentMs));
    while (time.now() < start + faultyMs) {
      await time.advanceTo(time.now() + chance.between(2_000, 25_000));
      chance.pick(faults)();
    }
    healed = true;
    network.heal();
    // Whoever decides stays now: at the latest now one that is gone for so long is told of.
    agents[anyAgent()]?.kill(silentMs);
    await time.advanceTo(time.now() + calmMs);
    for (const agent of agents) agent.finish();
    await time.advanceTo(time.now() + tickMargin);
    return tenants.map((scope) => ({
      scope,
      agents: agents.filter((agent) => agent.scope === scope),
      commits: database.commits.filter((commit) => commit.scope.tenantId === scope.tenantId),
      alerts: database.alerts(scope),
      incidents: database.incidents(scope),
      notifications: database.notifications(scope),
      takeOvers: database.takeOvers(scope),
    }));
  } finally {
    time.end();
  }
}

/** What was measured last is stored and decided of. */
const tickMargin = 15_000;
