/** The collector's own metrics, in the Prometheus text format (version 0.0.4). */

export interface SelfMetrics {
  readonly requests: Counter;
  readonly ingestedBatches: Counter;
  readonly ingestedSamples: Counter;
  readonly refusedBatches: Counter;
  /** Samples that compaction has put together, hours that it has sealed, and what it could not do at once. */
  readonly compactedSamples: Counter;
  readonly sealedHours: Counter;
  readonly endedSeries: Counter;
  readonly compactionFailures: Counter;
  readonly compactionBacklog: Gauge;
  readonly receivedSamples: Counter;
  readonly ruleEvaluations: Counter;
  readonly ruleFailures: Counter;
  readonly ruleSeconds: Counter;
  /** Of groups. */
  readonly ruleEvaluationsMissed: Counter;
  readonly alertDecisions: Counter;
  readonly noiseReduction: Gauge;
  /** Tries to tell a channel, by its kind and what came of it. */
  readonly notifications: Counter;
  /** What `GET /metrics` answers. */
  text(): string;
}

export interface Counter {
  add(count: number, labels?: Readonly<Record<string, string>>): void;
}

export interface Gauge {
  set(value: number, labels?: Readonly<Record<string, string>>): void;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly read: () => ReadonlyMap<string, number>;
}

/** @param usage  CPU seconds and resident bytes of this process */
export function createSelfMetrics(
  usage: () => { readonly cpuSeconds: number; readonly residentBytes: number },
  version: string,
): SelfMetrics {
  const families: Family[] = [];

  function counter(name: string, help: string): Counter {
    const values = new Map<string, number>();
    families.push({ name, help, kind: 'counter', read: () => values });
    return {
      add(count, labels = {}) {
        const key = labelText(labels);
        values.set(key, (values.get(key) ?? 0) + count);
      },
    };
  }

  function gauge(name: string, help: string): Gauge {
    const values = new Map<string, number>();
    families.push({ name, help, kind: 'gauge', read: () => values });
    return { set: (value, labels = {}) => void values.set(labelText(labels), value) };
  }

  const single = (value: number) => new Map([['', value]]);
  families.push(
    {
      name: 'tarsier_build_info',
      help: 'Version of this collector; always 1.',
      kind: 'gauge',
      read: () => new Map([[labelText({ version }), 1]]),
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the collector, without PostgreSQL.',
      kind: 'counter',
      read: () => single(usage().cpuSeconds),
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory of the collector, without PostgreSQL.',
      kind: 'gauge',
      read: () => single(usage().residentBytes),
    },
  );

  return {
    requests: counter('tarsier_http_requests_total', 'Requests answered, by route and status.'),
    ingestedBatches: counter('tarsier_ingest_batches_total', 'Batches answered with 204, by whether they were new.'),
    ingestedSamples: counter('tarsier_ingest_samples_total', 'Samples of newly stored batches.'),
    refusedBatches: counter('tarsier_ingest_refused_total', 'Batches refused, by error code.'),
    compactedSamples: counter('tarsier_compaction_samples_total', 'Samples moved from batches to segments or blocks.'),
    sealedHours: counter('tarsier_compaction_hours_total', 'Hours of a host made a block with rollups.'),
    endedSeries: counter('tarsier_ended_series_total', 'Series that ended because their agent fell silent.'),
    compactionFailures: counter('tarsier_compaction_failures_total', 'Steps that failed, or found their host taken.'),
    compactionBacklog: gauge('tarsier_compaction_backlog', 'Hours of hosts that are over and not sealed yet.'),
    receivedSamples: counter('tarsier_receive_samples_total', 'Samples through other doors, by door and outcome.'),
    ruleEvaluations: counter('tarsier_rule_evaluations_total', 'Evaluations of rules, those that failed included.'),
    ruleFailures: counter('tarsier_rule_evaluation_failures_total', 'Evaluations of rules without a stored result.'),
    ruleSeconds: counter('tarsier_rule_evaluation_seconds_total', 'Time that evaluations of rules took.'),
    ruleEvaluationsMissed: counter(
      'tarsier_rule_group_evaluations_missed_total',
      'Evaluations of rule groups left out because the one before took too long.',
    ),
    alertDecisions: counter('tarsier_alert_decisions_total', 'Beginnings and ends of alerts, by what became of them.'),
    notifications: counter(
      'tarsier_notifications_total',
      'Tries to tell a channel: sent, to be tried again (retried), or given up.',
    ),
    noiseReduction: gauge(
      'tarsier_alert_noise_reduction_ratio',
      'Share of the beginnings and ends of alerts that sent no notification of their own though there was a channel, over 24 hours.',
    ),
    text() {
      const lines = families.flatMap(({ name, help, kind, read }) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${kind}`,
        ...Array.from(read(), ([labels, value]) => `${name}${labels} ${value}`),
      ]);
      return `${lines.join('\n')}\n`;
    },
  };
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
