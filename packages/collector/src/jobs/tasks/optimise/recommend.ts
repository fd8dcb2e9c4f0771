/** What would make the score better, by how much, and how sure that is. Pure. */
import { createHash } from 'node:crypto';
import { formatUsd, type Nanos, type UnixMs } from '@tarsier/protocol';
import type { OptimisationPartName, Recommendation } from '@tarsier/protocol/api';
import { hostReport, monthlyOf, type HostPrices } from '../cost/host-cost.ts';
import { bounds, busiestOf, partsOf, resized, sizeText, slowestOf, type HostInput, type Parts } from './host-parts.ts';
import { quantileOf } from '../../../stats/quantile.ts';
import { hostPoints, jackknife, pointsOf, round, tenantParts, withoutBlock, type TenantInput } from './score.ts';

/** Rules and callers that incidents and failures come from. */
export interface Sources {
  readonly rules: readonly { readonly name: string; readonly told: number; readonly noise: number }[];
  readonly callers: readonly { readonly name: string; readonly calls: number; readonly failed: number }[];
}

/** Points of its subject's score, at least: less is not worth a change. */
const worthwhile = 0.5;
const gib = 1024 ** 3;
const wait = { cpu: 'cores', memory: 'memory', io: 'disks' } as const;
/** How sure it is that a part gets well: sizes are tried on time that they do not know, the others are judgements. */
const sureness = { waiting: 0.4, noise: 0.6, failures: 0.5 } as const;

export function recommend(
  tenant: TenantInput,
  sources: Sources,
  prices: HostPrices,
  now: UnixMs,
): readonly Recommendation[] {
  const parts = tenant.hosts.map((host) => partsOf(host, prices));
  const before = pointsOf(tenantParts(tenant, parts));
  const found = tenant.hosts.flatMap((host, at) => {
    const withParts = (of: Parts): number =>
      pointsOf(
        tenantParts(
          tenant,
          parts.map((one, index) => (index === at ? of : one)),
        ),
      ) - before;
    return [resize(host, prices, now, withParts), relieve(host, prices, now, withParts)];
  });
  const whole = [quieten(tenant, sources, parts, before, now), mend(tenant, sources, parts, before, now)];
  return [...found, ...whole]
    .filter((one) => one !== undefined)
    .filter(({ gain }) => gain.subject >= worthwhile)
    .toSorted((a, b) => b.gain.tenant * b.confidence - a.gain.tenant * a.confidence);
}

/** The size that percentiles of the last day choose, or one in which 70 % are enough: whichever way the score gains. */
export function sizeFor(
  input: HostInput,
  prices: HostPrices,
): { readonly cores: number; readonly memoryBytes: number } {
  const busiest = busiestOf(input);
  const { cores, memoryBytes } = input;
  if (busiest !== undefined && busiest.share > bounds.used) {
    const more = busiest.share / bounds.used;
    if (busiest.name === 'cpu') return { cores: Math.ceil(cores * more), memoryBytes };
    if (busiest.name === 'memory') return { cores, memoryBytes: Math.ceil((memoryBytes / gib) * more * 2) * (gib / 2) };
    return { cores, memoryBytes };
  }
  const { wanted } = hostReport({ host: input.host, cores, memoryBytes, ...input.day }, prices);
  const withGib = (of: number) => ({ cores: wanted.cores, memoryBytes: Math.min(memoryBytes, of * gib) });
  // What does for a day may leave less room than is well just now: then more of it gains more, and else the opposite
  // would be recommended to whoever follows.
  const usedGib = (quantileOf(input.used.memory.toSorted(), 0.95) * memoryBytes) / gib;
  const roomy = withGib(Math.max(wanted.gib, Math.ceil((usedGib / bounds.used) * 2) / 2));
  const pointsWith = (size: typeof roomy): number => hostPoints(resized(input, size), prices);
  const least = withGib(wanted.gib);
  return pointsWith(roomy) > pointsWith(least) ? roomy : least;
}

function resize(
  input: HostInput,
  prices: HostPrices,
  now: UnixMs,
  tenantGain: (parts: Parts) => number,
): Recommendation | undefined {
  if (input.day.cpu.length === 0 || input.day.memory.length === 0) return undefined;
  const size = sizeFor(input, prices);
  if (size.cores === input.cores && size.memoryBytes === input.memoryBytes) return undefined;
  const gainOf = (host: HostInput): number => hostPoints(resized(host, size), prices) - hostPoints(host, prices);
  const gain = gainOf(input);
  const half = jackknife((block) => gainOf(withoutBlock(input, block)));
  const more = size.cores > input.cores || size.memoryBytes > input.memoryBytes;
  const { finding, overflow } = hostReport({ ...input, ...input.day }, prices);
  const textOf = ({ cores, memoryBytes }: typeof size): string => sizeText(cores, round(memoryBytes / gib));
  const kind: OptimisationPartName = more ? 'headroom' : 'cost-efficiency';
  return {
    ...about(kind, 'host', input.host, now),
    title: `Give ${input.host} ${textOf(size)} instead of ${textOf(input)}`,
    reason: partsOf(input, prices)[kind].reason,
    arithmetic: `the same work in the new size: ${round(hostPoints(resized(input, size), prices))} - ${round(hostPoints(input, prices))} points; that waiting stays as it is, is assumed`,
    gain: gainText(gain, tenantGain(partsOf(resized(input, size), prices)), half),
    ...(more || finding === undefined ? {} : { saving: formatUsd(savingOf(input, size, prices)) }),
    effort: 'medium',
    confidence: round(Math.max(0, (1 - overflow.wanted) * Math.min(1, input.day.cpu.length / input.day.steps))),
  };
}

function relieve(
  input: HostInput,
  prices: HostPrices,
  now: UnixMs,
  tenantGain: (parts: Parts) => number,
): Recommendation | undefined {
  const slowest = slowestOf(input);
  if (slowest === undefined) return undefined;
  const parts = partsOf(input, prices);
  const well: Parts = { ...parts, saturation: { value: 1, reason: 'nothing waits' } };
  const gain = pointsOf(well) - pointsOf(parts);
  const gainOf = (host: HostInput): number => {
    const of = partsOf(host, prices);
    return pointsOf({ ...of, saturation: well.saturation }) - pointsOf(of);
  };
  return {
    ...about('saturation', 'host', input.host, now),
    title: `Find out what waits for the ${wait[slowest.name]} of ${input.host}`,
    reason: parts.saturation.reason,
    arithmetic: `if nothing waited: ${round(pointsOf(well))} - ${round(pointsOf(parts))} points`,
    gain: gainText(
      gain,
      tenantGain(well),
      jackknife((block) => gainOf(withoutBlock(input, block))),
    ),
    effort: 'high',
    confidence: sureness.waiting,
  };
}

function quieten(
  tenant: TenantInput,
  { rules }: Sources,
  parts: readonly Parts[],
  before: number,
  now: UnixMs,
): Recommendation | undefined {
  const noisiest = rules.toSorted((a, b) => b.noise - a.noise)[0];
  if (noisiest === undefined || noisiest.noise === 0) return undefined;
  const quiet = { ...tenant, told: tenant.told - noisiest.noise, noise: tenant.noise - noisiest.noise };
  const gain = pointsOf(tenantParts(quiet, parts)) - before;
  return {
    ...about('alert-noise', 'tenant', noisiest.name, now),
    subject: { kind: 'tenant', name: '*' },
    title: `Tune ${noisiest.name}: ${noisiest.noise} of the ${noisiest.told} incidents that it told of were noise`,
    reason: `${tenant.noise} of ${tenant.told} incidents were noise, ${noisiest.noise} of them by this rule`,
    arithmetic: `without them: ${round(before + gain)} - ${round(before)} points`,
    gain: gainText(gain, gain, gain / 2),
    effort: 'low',
    confidence: sureness.noise,
  };
}

function mend(
  tenant: TenantInput,
  { callers }: Sources,
  parts: readonly Parts[],
  before: number,
  now: UnixMs,
): Recommendation | undefined {
  const worst = callers.toSorted((a, b) => b.failed - a.failed)[0];
  if (worst === undefined || worst.failed < 1) return undefined;
  const mended = { ...tenant, failed: tenant.failed - worst.failed };
  const gain = pointsOf(tenantParts(mended, parts)) - before;
  return {
    ...about('error-budget', 'tenant', worst.name, now),
    subject: { kind: 'tenant', name: '*' },
    title: `Find out why calls of ${worst.name} fail: ${Math.round(worst.failed)} of ${Math.round(worst.calls)} did`,
    reason: `${Math.round(tenant.failed)} calls failed in a day, ${Math.round(worst.failed)} of them of ${worst.name}`,
    arithmetic: `without them: ${round(before + gain)} - ${round(before)} points`,
    gain: gainText(gain, gain, gain / 2),
    effort: 'medium',
    confidence: sureness.failures,
  };
}

/** The same recommendation has the same id, so that what was decided about it holds. */
function about(
  kind: OptimisationPartName,
  subject: 'tenant' | 'host',
  name: string,
  now: UnixMs,
): Pick<Recommendation, 'id' | 'kind' | 'subject' | 'state' | 'createdAt' | 'changedAt'> {
  const id = createHash('sha256').update(`${kind}\0${subject}\0${name}`).digest('hex').slice(0, 24);
  return { id, kind, subject: { kind: subject, name }, state: 'open', createdAt: now, changedAt: now };
}

function gainText(subject: number, tenant: number, half: number): Recommendation['gain'] {
  return { subject: round(subject), tenant: round(tenant), low: round(subject - half), high: round(subject + half) };
}

function savingOf(
  { cores, memoryBytes }: HostInput,
  size: { readonly cores: number; readonly memoryBytes: number },
  prices: HostPrices,
): Nanos {
  const halves = (bytes: number): number => Math.ceil((bytes / gib) * 2) / 2;
  return (
    monthlyOf({ cores, gib: halves(memoryBytes) }, prices) -
    monthlyOf({ cores: size.cores, gib: halves(size.memoryBytes) }, prices)
  );
}
