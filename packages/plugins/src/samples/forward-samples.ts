/** Samples that others wrote, put out as a plugin's own: within its limits, and never against another's meaning. */
import { maxLabels, maxLabelValueLength, TarsierError, type Labels } from '@tarsier/protocol';
import { toLabelValue, type FormatSample } from '@tarsier/protocol/formats';
import type { ScrapeOutput } from '../plugin.ts';

export interface ForwardOptions {
  /** Labels that every sample gets. */
  readonly labels: Labels;
  /** Whether a sample's own label of the same name wins; otherwise that one becomes `exported_…`. */
  readonly honorLabels?: boolean;
}

export interface Forwarder {
  /** @returns how many were taken; the rest was left out, and the log has said why */
  put(out: ScrapeOutput, samples: Iterable<FormatSample>, options: ForwardOptions): number;
}

/** Kinds of fault that the log is told of; more would be noise. */
const mostTold = 20;

/** Times that samples say are left aside: they are measured when they are asked for. */
export function createForwarder(warn: (message: string) => void): Forwarder {
  /** Whether a metric can be put out; the first that describes it decides what it is. */
  const metrics = new Map<string, boolean>();
  const told = new Set<string>();

  function tell(fault: string): void {
    if (told.has(fault) || told.size >= mostTold) return;
    told.add(fault);
    warn(fault);
  }

  function isTaken(out: ScrapeOutput, { metric }: FormatSample): boolean {
    let taken = metrics.get(metric.name);
    if (taken !== undefined) return taken;
    try {
      out.declare(metric.name, metric);
      taken = true;
    } catch (error) {
      if (!(error instanceof TarsierError)) throw error;
      tell(`samples are left out: ${error.message}`);
      taken = false;
    }
    metrics.set(metric.name, taken);
    return taken;
  }

  return {
    put(out, samples, { labels: extra, honorLabels = false }) {
      let taken = 0;
      for (const sample of samples) {
        if (!isTaken(out, sample)) continue;
        const { name } = sample.metric;
        const labels = mergedLabels(sample.labels, extra, honorLabels);
        const fault = faultOf(labels);
        if (fault !== undefined) {
          tell(`samples of ${name} are left out: ${fault}`);
          continue;
        }
        out.set(out.series(name, labels), sample.value);
        taken++;
      }
      return taken;
    },
  };
}

function mergedLabels(own: Labels, extra: Labels, honorLabels: boolean): Labels {
  const merged: Record<string, string> = { ...extra };
  for (const [name, value] of Object.entries(own)) {
    // `host` is said once for the whole batch.
    // Too long a value is told of below, and not just cut.
    const clean = value.length > maxLabelValueLength ? value : toLabelValue(value);
    if (name === 'host' || (!honorLabels && Object.hasOwn(extra, name))) merged[`exported_${name}`] = clean;
    else merged[name] = clean;
  }
  return merged;
}

function faultOf(labels: Labels): string | undefined {
  let count = 0;
  for (const name in labels) {
    count++;
    const { length } = labels[name] ?? '';
    if (length > maxLabelValueLength) return `the value of ${name} is longer than ${maxLabelValueLength}`;
  }
  return count > maxLabels ? `there are more than ${maxLabels} labels` : undefined;
}
