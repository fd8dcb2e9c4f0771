/** From parts to scores of hosts, groups and the tenant. Pure. */
import {
  optimisationParts,
  type Optimisation,
  type OptimisationPart,
  type OptimisationPartName,
  type OptimisationScore,
} from '@tarsier/protocol/api';
import type { UnixMs } from '@tarsier/protocol';
import type { HostPrices } from '../cost/host-cost.ts';
import { errorPart, noisePart, partsOf, without, type HostInput, type Parts, type PartValue } from './host-parts.ts';

/** What a tenant has beside its hosts: incidents and calls of all of them, those of no host included. */
export interface TenantInput {
  readonly hosts: readonly HostInput[];
  readonly told: number;
  readonly noise: number;
  readonly calls: number;
  readonly failed: number;
  /** Scores a day ago, by kind and name. */
  readonly previous: ReadonlyMap<string, number>;
}

const weights: Readonly<Record<OptimisationPartName, number>> = {
  headroom: 0.25,
  saturation: 0.2,
  anomalies: 0.15,
  'alert-noise': 0.1,
  'cost-efficiency': 0.15,
  'error-budget': 0.15,
};

const labels: Readonly<Record<OptimisationPartName, string>> = {
  headroom: 'Headroom',
  saturation: 'Saturation',
  anomalies: 'Anomalies',
  'alert-noise': 'Alert noise',
  'cost-efficiency': 'Cost efficiency',
  'error-budget': 'Error budget',
};

const queries: Partial<Record<OptimisationPartName, string>> = {
  headroom: 'max by (host) ({__name__=~"cpu_busy_ratio|memory_used_ratio|diskio_busy_ratio|network_used_ratio"})',
  saturation: 'max by (host) (system_pressure_ratio{share="some"})',
  anomalies: 'host_anomaly_ratio',
  'cost-efficiency': 'avg by (host) (cpu_busy_ratio{cpu="all"})',
  'error-budget':
    'sum by (host) (increase({__name__=~"api_errors_total|llm_errors_total"}[1d])) / sum by (host) (increase({__name__=~"api_requests_total|llm_calls_total"}[1d]))',
};

export const scoreMethod =
  'weighted mean of the parts that are known; intervals by leaving out a twelfth of the time at a time (block jackknife: Künsch 1989)';

/** Parts of the time that are left out, one at a time. */
const blocks = 12;
/** Half of an 80 % interval, in standard errors. */
const z80 = 1.2816;

/** The sum of what is known, by weight: 0 to 100; 100 where nothing is. */
export function pointsOf(parts: Parts): number {
  const known = knownWeight(parts);
  if (known === 0) return 100;
  let sum = 0;
  for (const id of optimisationParts) sum += (weights[id] / known) * (parts[id].value ?? 0);
  return 100 * sum;
}

/** @returns how far an estimate may be off, 80 %, by what leaving out each block changes */
export function jackknife(estimate: (block: number) => number): number {
  const without = Array.from({ length: blocks }, (_, block) => estimate(block));
  const mean = without.reduce((sum, value) => sum + value, 0) / blocks;
  const squares = without.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return z80 * Math.sqrt(((blocks - 1) / blocks) * squares);
}

export const withoutBlock = (input: HostInput, block: number): HostInput => without(input, block, blocks);

export function hostPoints(input: HostInput, prices: HostPrices): number {
  return pointsOf(partsOf(input, prices));
}

/** The tenant's points, with other parts for some hosts than they have. */
export function tenantParts({ hosts, told, noise, calls, failed }: TenantInput, ofHosts: readonly Parts[]): Parts {
  const mean = meanParts(ofHosts, hosts.length);
  return { ...mean, 'alert-noise': noisePart(told, noise), 'error-budget': errorPart(calls, failed) };
}

export function scoreTenant(input: TenantInput, prices: HostPrices, at: UnixMs): Optimisation {
  const { hosts, previous } = input;
  const parts = hosts.map((host) => partsOf(host, prices));
  const halves = hosts.map((host) => jackknife((block) => hostPoints(withoutBlock(host, block), prices)));
  const describe = (
    kind: OptimisationScore['kind'],
    name: string,
    of: Parts,
    half: number,
    count: number,
  ): OptimisationScore => {
    const points = pointsOf(of);
    const before = previous.get(`${kind} ${name}`);
    return {
      kind,
      name,
      score: round(points),
      interval: { low: round(Math.max(0, points - half)), high: round(Math.min(100, points + half)) },
      ...(before === undefined ? {} : { previous: round(before) }),
      parts: describeParts(of),
      hosts: count,
    };
  };
  // Hosts are taken to err apart from each other.
  const halfOf = (members: readonly number[]): number =>
    members.length === 0 ? 0 : Math.hypot(...members.map((at) => halves[at] ?? 0)) / members.length;
  const groups = new Map<string, number[]>();
  for (const [index, { groups: of }] of hosts.entries()) {
    for (const name of of) groups.set(name, [...(groups.get(name) ?? []), index]);
  }
  const all = hosts.map((_, index) => index);
  return {
    version: 1,
    at,
    method: scoreMethod,
    tenant: describe('tenant', '*', tenantParts(input, parts), halfOf(all), hosts.length),
    groups: Array.from(groups, ([name, members]) => {
      const of = members.flatMap((index) => parts[index] ?? []);
      return describe('group', name, meanParts(of, members.length), halfOf(members), members.length);
    }).toSorted((a, b) => a.score - b.score),
    hosts: hosts
      .flatMap(({ host }, index) => {
        const of = parts[index];
        return of === undefined ? [] : [describe('host', host, of, halves[index] ?? 0, 1)];
      })
      .toSorted((a, b) => a.score - b.score),
  };
}

function describeParts(parts: Parts): readonly OptimisationPart[] {
  const known = knownWeight(parts);
  return optimisationParts.map((id): OptimisationPart => {
    const { value, reason } = parts[id];
    const weight = value === undefined || known === 0 ? 0 : weights[id] / known;
    const query = queries[id];
    return {
      id,
      label: labels[id],
      score: value === undefined ? null : round(100 * value),
      weight,
      points: round(100 * (value ?? 0) * weight),
      reason,
      ...(query === undefined ? {} : { query }),
    };
  });
}

function meanParts(of: readonly Parts[], count: number): Parts {
  const mean = (id: OptimisationPartName): PartValue => {
    const known = of.flatMap((parts) => parts[id].value ?? []);
    if (known.length === 0) return { value: undefined, reason: of[0]?.[id].reason ?? 'there is no host' };
    const worst = of.toSorted((a, b) => (a[id].value ?? 2) - (b[id].value ?? 2))[0];
    return {
      value: known.reduce((sum, value) => sum + value, 0) / known.length,
      reason: `mean of ${known.length} of ${count} hosts; of the worst: ${worst?.[id].reason}`,
    };
  };
  return {
    headroom: mean('headroom'),
    saturation: mean('saturation'),
    anomalies: mean('anomalies'),
    'alert-noise': mean('alert-noise'),
    'cost-efficiency': mean('cost-efficiency'),
    'error-budget': mean('error-budget'),
  };
}

function knownWeight(parts: Parts): number {
  return optimisationParts.reduce((sum, id) => sum + (parts[id].value === undefined ? 0 : weights[id]), 0);
}

export const round = (value: number): number => Math.round(100 * value) / 100;
