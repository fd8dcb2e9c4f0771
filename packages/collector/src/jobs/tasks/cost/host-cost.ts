/** What a host costs, and the size that would do: percentiles of what it used, tried on time that they do not know. */
import { formatUsd, priceOf, type Nanos } from '@tarsier/protocol';
import { monthHours, type Finding } from './finding.ts';

export interface HostUse {
  readonly host: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Shares of the cores and of the memory that were used, 0 to 1, one for each five minutes, in time order. */
  readonly cpu: Float64Array;
  readonly memory: Float64Array;
  /** Five-minute steps that there could be. */
  readonly steps: number;
}

export interface HostPrices {
  readonly coreHour: Nanos;
  readonly gibHour: Nanos;
}

const gib = 1024 ** 3;
/** Used at the percentile at most so much of what there is: the rest is for what no mean of five minutes shows. */
const room = { cpu: 0.7, memory: 0.8 } as const;
const percentiles = { cpu: 0.95, memory: 0.99 } as const;
/** A host that does less is idle. */
const idle = { busy: 0.95, below: 0.02 } as const;
/** The newest share is not used to choose a size, but to try it. */
const heldOut = 0.25;
/** Steps of a day, and days after which a week's rhythm is known. */
const stepsPerDay = 288;
const wholeDays = 7;
/** A smaller saving is not worth a change. */
const worthwhile = 0.1;

export interface Size {
  readonly cores: number;
  readonly gib: number;
}

export interface HostReport {
  readonly host: string;
  readonly size: Size;
  readonly monthly: Nanos;
  readonly wanted: Size;
  /** Shares of the held-out time in which the size would not have done; beside sizes by the mean, and by the maximum. */
  readonly overflow: { readonly wanted: number; readonly byMean: number; readonly byMaximum: number };
  /** What a month of those sizes costs. */
  readonly monthlyOf: { readonly wanted: Nanos; readonly byMean: Nanos; readonly byMaximum: Nanos };
  readonly finding?: Finding;
}

export function hostReport(use: HostUse, prices: HostPrices): HostReport {
  const size = { cores: use.cores, gib: Math.ceil((use.memoryBytes / gib) * 2) / 2 };
  const past = <T extends Float64Array>(values: T): Float64Array =>
    values.subarray(0, Math.ceil(values.length * (1 - heldOut)));
  const later = (values: Float64Array): Float64Array => values.subarray(Math.ceil(values.length * (1 - heldOut)));
  const sizeBy = (cpu: number, memory: number): Size => ({
    cores: Math.min(size.cores, Math.max(1, Math.ceil((size.cores * cpu) / room.cpu))),
    gib: Math.min(size.gib, Math.max(0.5, Math.ceil(((size.gib * memory) / room.memory) * 2) / 2)),
  });
  const sizes = {
    wanted: sizeBy(quantileOf(past(use.cpu), percentiles.cpu), quantileOf(past(use.memory), percentiles.memory)),
    byMean: sizeBy(meanOf(past(use.cpu)), meanOf(past(use.memory))),
    byMaximum: sizeBy(quantileOf(past(use.cpu), 1), quantileOf(past(use.memory), 1)),
  };
  const overflowOf = ({ cores, gib: memory }: Size): number => {
    const [cpu, used] = [later(use.cpu), later(use.memory)];
    const steps = Math.min(cpu.length, used.length);
    let over = 0;
    for (let at = 0; at < steps; at++) {
      if ((cpu[at] ?? 0) * size.cores > cores || (used[at] ?? 0) * size.gib > memory) over++;
    }
    return steps === 0 ? 1 : over / steps;
  };
  const overflow = {
    wanted: overflowOf(sizes.wanted),
    byMean: overflowOf(sizes.byMean),
    byMaximum: overflowOf(sizes.byMaximum),
  };
  const monthly = monthlyOf(size, prices);
  const report = {
    host: use.host,
    size,
    monthly,
    wanted: sizes.wanted,
    overflow,
    monthlyOf: {
      wanted: monthlyOf(sizes.wanted, prices),
      byMean: monthlyOf(sizes.byMean, prices),
      byMaximum: monthlyOf(sizes.byMaximum, prices),
    },
  };
  const finding = findingOf(use, report, prices);
  return finding === undefined ? report : { ...report, finding };
}

function findingOf(use: HostUse, report: HostReport, prices: HostPrices): Finding | undefined {
  const { size, wanted, monthly, overflow } = report;
  const days = use.cpu.length / stepsPerDay;
  // How much of the time is known, whether a whole week is, and how often the size did.
  const known = Math.min(1, use.cpu.length / Math.max(1, use.steps)) * Math.min(1, days / wholeDays);
  const seen = `${days.toFixed(1)} days of five-minute means, ${Math.round(100 * Math.min(1, use.cpu.length / Math.max(1, use.steps)))} % of that time`;
  const busy = quantileOf(use.cpu, idle.busy);
  if (busy < idle.below) {
    return {
      kind: 'idle-host',
      subject: use.host,
      advice: 'Turn it off, or give its work to another host.',
      monthly,
      saving: monthly,
      confidence: known,
      arithmetic: `${costText(size, prices)} a month, and nothing without it`,
      evidence: `95 % of the time its cores were busy for less than ${(100 * busy).toFixed(1)} %; ${seen}`,
    };
  }
  const saving = monthly - monthlyOf(wanted, prices);
  if (saving < monthly * worthwhile) return undefined;
  return {
    kind: 'over-provisioned',
    subject: use.host,
    advice: `Give it ${wanted.cores} cores and ${wanted.gib} GiB instead of ${size.cores} and ${size.gib}.`,
    monthly,
    saving,
    confidence: known * (1 - overflow.wanted),
    arithmetic: `${costText(size, prices)} - ${costText(wanted, prices)} = ${formatUsd(saving)} USD a month`,
    evidence: `sized by the first three quarters, it would have been too small in ${(100 * overflow.wanted).toFixed(2)} % of the last quarter; ${seen}`,
  };
}

export function monthlyOf({ cores, gib: memory }: Size, { coreHour, gibHour }: HostPrices): Nanos {
  // Memory comes in halves of a GiB.
  return cores * coreHour * monthHours + priceOf(memory * 2 * monthHours, gibHour, 2);
}

function costText(size: Size, prices: HostPrices): string {
  const { cores, gib: memory } = size;
  return `${monthHours} h x (${cores} cores x ${formatUsd(prices.coreHour)} + ${memory} GiB x ${formatUsd(prices.gibHour)}) = ${formatUsd(monthlyOf(size, prices))} USD`;
}

function meanOf(values: Float64Array): number {
  return values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @param share  1 for the largest; of nothing it is 1, the whole */
function quantileOf(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 1;
}
