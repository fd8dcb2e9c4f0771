/** What the agent and the worker thread of a plugin say to each other. */
import type { MetricSpec, OutputSeries } from '@tarsier/plugins';

/** What the thread begins with. */
export interface WorkerStart {
  readonly url: string;
  readonly folder: string;
  readonly plugin: string;
  readonly config: unknown;
  readonly maxSeries: number | undefined;
}

export type ToWorker = { readonly kind: 'scrape'; readonly id: number } | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | {
      readonly kind: 'samples';
      readonly id: number;
      /** Declared since the answer before. */
      readonly declared: readonly (readonly [name: string, spec: MetricSpec])[];
      /** New since the answer before: they follow the ones that are known. */
      readonly series: readonly OutputSeries[];
      /** By series; meaningful where `present` is 1. */
      readonly values: Float64Array;
      readonly present: Uint8Array;
      /** They are to be sent at once. */
      readonly hurried: boolean;
    };
