import type { FormatSample } from '@tarsier/protocol/formats';
import { z } from 'zod';
import { createForwarder } from '../samples/forward-samples.ts';
import { createPatterns } from '../text/pattern.ts';
import { createPeriodic } from '../targets/periodic.ts';
import { definePlugin } from '../plugin.ts';
import { roundSeconds } from '../samples/round-seconds.ts';
import { maxTargets, named, noTargets } from '../targets/targets.ts';
import { scrapeTarget } from './scrape-target.ts';
import { targetSettings, type Target } from './target.ts';

/** A target and what was worked out of its settings. */
interface Scrape {
  readonly name: string;
  readonly intervalMs: number;
  readonly target: Target;
  readonly labels: Readonly<Record<string, string>>;
  /** Which metrics are taken. */
  choice(): Promise<(metric: string) => boolean>;
}

interface Scraped {
  readonly samples: readonly FormatSample[];
  /** Before allow and deny. */
  readonly said: number;
}

/** Takes what exporters and applications tell in Prometheus's or OpenMetrics's text format. */
export const prometheus = definePlugin({
  name: 'prometheus',
  summary: 'Metrics of exporters and applications that tell them as Prometheus reads them.',
  intervalMs: 1_000,
  background: true,
  dynamic: true,
  maxSeries: 5_000,
  config: z.object({
    targets: z.array(targetSettings).max(maxTargets).default([]).describe('What is scraped.'),
  }),
  metrics: {
    up: { kind: 'gauge', unit: '', help: 'Whether the last scrape of the target succeeded: 1 or 0.' },
    scrape_duration_seconds: { kind: 'gauge', unit: 'seconds', help: 'How long the last scrape took.' },
    scrape_samples_scraped: { kind: 'gauge', unit: '', help: 'Samples that the target told.' },
    scrape_samples_taken: { kind: 'gauge', unit: '', help: 'Samples of these that were taken.' },
  },
  probe: ({ config }) => noTargets(config.targets),
  create({ config, host, warn }) {
    const durations = new Map<Scrape, number>();
    const forwarder = createForwarder(warn);
    const scrapes = createPeriodic<Scrape, Scraped>({
      tasks: named('prometheus', config.targets, ({ url }) => new URL(url).host).map(prepare),
      now: () => host.now(),
      warn,
      async run(scrape, signal) {
        const began = host.now();
        try {
          const { target } = scrape;
          const isWanted = await scrape.choice();
          const all = await scrapeTarget(host, target, target.timeoutSeconds * 1000, signal);
          const samples = all.filter(({ metric }) => isWanted(metric.name));
          if (samples.length <= target.maxSamples) return { samples, said: all.length };
          throw new Error(`expected at most ${target.maxSamples} samples (maxSamples), got ${samples.length}`);
        } finally {
          durations.set(scrape, (host.now() - began) / 1000);
        }
      },
    });
    return {
      async scrape(out, signal) {
        for (const { task, result } of await scrapes.turn(signal)) {
          const { labels, target } = task;
          const taken = forwarder.put(out, result?.samples ?? [], { labels, honorLabels: target.honorLabels });
          out.gauge('up', result === undefined ? 0 : 1, labels);
          out.gauge('scrape_duration_seconds', roundSeconds(durations.get(task) ?? 0), labels);
          out.gauge('scrape_samples_scraped', result?.said ?? 0, labels);
          out.gauge('scrape_samples_taken', taken, labels);
        }
      },
      close: () => scrapes.close(),
    };
  },
});

function prepare(target: Target): Scrape {
  const { name, job, intervalSeconds, allow, deny } = target;
  const compile = createPatterns();
  /** A target tells the same names at each scrape. */
  const wanted = new Map<string, boolean>();
  return {
    name,
    intervalMs: intervalSeconds * 1000,
    target,
    labels: { ...(job === '' ? {} : { job }), ...target.labels, instance: name },
    async choice() {
      const allowed = allow === '' ? undefined : await compile(whole(allow));
      const denied = deny === '' ? undefined : await compile(whole(deny));
      return (metric) => {
        let answer = wanted.get(metric);
        if (answer === undefined) {
          answer = (allowed?.matches(metric) ?? true) && !(denied?.matches(metric) ?? false);
          if (wanted.size < mostNames) wanted.set(metric, answer);
        }
        return answer;
      };
    },
  };
}

/** Names whose answers are kept: a target that makes up new ones must not fill the memory. */
const mostNames = 10_000;

function whole(pattern: string): string {
  return `^(?:${pattern})$`;
}
