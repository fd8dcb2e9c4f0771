/**
 * Agents and collectors of two tenants under faults that a seed decides, on virtual time: requests and answers are lost,
 * late and doubled; networks are cut; collectors and agents are killed and stand still; the database is slow, away, and
 * breaks off before and after its commits; disks are slow; all clocks are wrong, and collectors' are set. Real are the
 * agents' shipper and failover and the collectors' intake, leases, rules and incidents; database, network and disks are
 * models. More seeds: `pnpm test:simulation SEEDS SEED`.
 */
import { seriesSignature, type Message } from '@tarsier/protocol';
import { expect, test } from 'vitest';
import { disagreement, hearingsOf, samplesOf, type Episode, type Hearing } from './ideal-evaluator.ts';
import { runLife, silentForMs, thresholdRules, type TenantLife } from './run-life.ts';
import { metrics } from './simulated-agent.ts';

const lives = Number(process.env['SEEDS'] ?? 12);
const first = Number(process.env['SEED'] ?? 1);
/** So few prove little, and may have little: how much it is is asked of more. */
const fewestLives = 12;

function expectAllStoredOnce({ agents, commits, scope }: TenantLife): void {
  for (const { host, counts, waiting } of agents) {
    const stored = commits.filter((commit) => commit.host === host).reduce((sum, { samples = 0 }) => sum + samples, 0);
    expect({ host, ...counts, waiting: waiting(), stored }).toEqual({
      host,
      taken: counts.taken,
      sent: counts.taken,
      dropped: {},
      waiting: 0,
      stored: counts.taken,
    });
  }
  const names = commits.map(({ hostId, epoch, seq }) => `${hostId}/${epoch}/${seq}`);
  expect(new Set(names).size).toBe(names.length);
  expect(commits.every((commit) => commit.scope.tenantId === scope.tenantId)).toBe(true);
}

/** @returns how often batches were surely heard, maybe, and too late */
function expectIdealAlerts({ agents, commits, alerts, takeOvers }: TenantLife): Record<Hearing, number> {
  const counts = { heard: 0, maybe: 0, late: 0 };
  for (const { host } of agents) {
    const hearings = hearingsOf(
      commits.filter((commit) => commit.host === host),
      takeOvers,
    );
    for (const { hearing } of hearings) counts[hearing]++;
    for (const rule of thresholdRules) {
      const column = metrics.findIndex((name) => rule.selector === name);
      const signature = seriesSignature({ name: rule.selector, labels: { host } });
      const episodes: readonly Episode[] = alerts
        .filter(({ alert }) => alert.ruleId === rule.id)
        .filter(({ alert }) => seriesSignature({ name: alert.metric, labels: alert.labels }) === signature)
        .flatMap(({ alert: { state } }) =>
          state.kind === 'pending'
            ? []
            : [{ since: state.since, resolvedAt: state.kind === 'resolved' ? state.resolvedAt : undefined }],
        )
        .toSorted((a, b) => a.since - b.since);
      const differs = disagreement(rule, samplesOf(hearings, column), episodes, takeOvers);
      expect({ host, rule: rule.id, differs }).toEqual({ host, rule: rule.id, differs: undefined });
    }
  }
  return counts;
}

/** Collectors' clocks are set by as much at most, and their word of what came may take as long. */
const clockMs = 40_000;
/** Silence of before a take-over counts for nothing, and agents have two minutes to come back after it. */
const longestSilenceMs = silentForMs + 120_000 + 60_000;

/** @returns how many were told that had to be */
function expectSilenceTold({ agents, commits, alerts, takeOvers }: TenantLife): number {
  const silent = alerts.filter(({ alert }) => alert.ruleId === 'silent');
  expect(silent.filter(({ alert }) => alert.state.kind !== 'resolved')).toEqual([]);
  let due = 0;
  for (const { host } of agents) {
    const heardAt = commits.filter((commit) => commit.host === host).map(({ at }) => at);
    const told = silent.filter(({ alert }) => alert.host === host).map(({ at }) => at);
    for (const at of told) {
      const last = heardAt.findLast((heard) => heard <= at) ?? 0;
      expect(at - last).toBeGreaterThan(silentForMs - clockMs);
    }
    for (const [index, from] of heardAt.entries()) {
      const until = heardAt[index + 1] ?? from;
      const since = Math.max(from, takeOvers.findLast((at) => at < until) ?? 0);
      const times = told.filter((at) => at > from && at < until).length;
      expect(times).toBeLessThanOrEqual(1);
      if (until - since < longestSilenceMs) continue;
      expect(times).toBe(1);
      due++;
    }
  }
  return due;
}

function expectToldOnce({ alerts, incidents, notifications, agents }: TenantLife): void {
  const own = new Set(agents.map(({ host }) => host));
  const toldOf = Map.groupBy(notifications, ({ incidentId }) => incidentId);
  for (const { id, status } of incidents) {
    const told = (toldOf.get(id) ?? []).toSorted((a, b) => a.number - b.number).map(({ message }) => message);
    expect(told.every(({ incident }) => incident.hosts.every((host) => own.has(host)))).toBe(true);
    // It fires, and is over, by turns unless another alert has joined; and what was told last is how it is.
    const isNews = (message: Message, before: Message | undefined): boolean =>
      message.status !== before?.status || message.incident.total > before.incident.total;
    expect(told.every((message, at) => isNews(message, told[at - 1]))).toBe(true);
    expect(told.at(-1)?.status).toBe(status === 'open' ? 'firing' : 'resolved');
  }
  const fired = alerts.filter(({ alert }) => alert.state.kind !== 'pending');
  const over = alerts.filter(({ alert }) => alert.state.kind === 'resolved');
  const count = (status: string): number => notifications.filter(({ message }) => message.status === status).length;
  expect(count('firing')).toBeLessThanOrEqual(fired.length);
  expect(count('resolved')).toBeLessThanOrEqual(over.length);
  // One may be told together with its end, or with the next one of its series; most are told by themselves.
  expect(count('firing')).toBeGreaterThan(fired.length / 2);
}

test(
  `in ${lives} lives all that was acknowledged is stored once, and alerts are those of an ideal evaluator`,
  { timeout: 60_000 + lives * 10_000 },
  async () => {
    const counts = { heard: 0, maybe: 0, late: 0, fired: 0, silent: 0 };
    const wrong: Error[] = [];
    for (let seed = first; seed < first + lives; seed++) {
      try {
        for (const tenant of await runLife(seed)) {
          expectAllStoredOnce(tenant);
          const { heard, maybe, late } = expectIdealAlerts(tenant);
          counts.heard += heard;
          counts.maybe += maybe;
          counts.late += late;
          counts.fired += tenant.alerts.length;
          counts.silent += expectSilenceTold(tenant);
          expectToldOnce(tenant);
        }
      } catch (cause) {
        wrong.push(new Error(`the life of seed ${seed} went wrong: pnpm test:simulation 1 ${seed}`, { cause }));
      }
    }
    if (wrong.length > 0)
      throw new AggregateError(wrong, wrong.map(({ message, cause }) => `${message}: ${String(cause)}`).join('\n'));
    if (lives < fewestLives) return;
    // What may have been heard or not proves little.
    expect(counts.maybe / (counts.heard + counts.maybe + counts.late)).toBeLessThan(1 / 3);
    expect(counts.fired).toBeGreaterThan(lives * 20);
    expect(counts.silent).toBeGreaterThanOrEqual(Math.floor(lives / 2));
  },
);
