/** What the elements need from a collector. Anything that offers this can feed them: a test's fake does. */
import type { Alert, Anomaly, AnomalyEvent, SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import type { LiveSeries } from '@tarsier/protocol/live';
import type { JobNews } from './job-news.ts';
import type { Api } from './rest.ts';
import type { Readable } from './store.ts';

export type Connection =
  | { readonly kind: 'connecting'; readonly since: UnixMs }
  | { readonly kind: 'live'; readonly since: UnixMs }
  /** No live connection, but the collector answers: it is asked every few seconds. */
  | { readonly kind: 'polling'; readonly since: UnixMs }
  | { readonly kind: 'offline'; readonly since: UnixMs; readonly attempt: number; readonly retryAt: UnixMs }
  /** Because of a token that is not accepted, or for want of a session. */
  | { readonly kind: 'signed-out'; readonly since: UnixMs; readonly reason?: 'token' };

/** Why something cannot be shown: the collector's own code and sentence, or `web/…` from this side. */
export interface SourceError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export type Loadable<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: SourceError };

/** One series of a subscription, as held in the page. */
export interface HeldSeries extends Omit<LiveSeries, 'ref'> {
  /** Name and labels in canonical form; equal for the same series over reconnects. */
  readonly signature: string;
  /** Raw samples, oldest first; nothing in it changes any more. */
  readonly column: SeriesColumn;
}

export type SubscriptionState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: SourceError };

export interface LiveSubscription {
  readonly state: SubscriptionState;
  readonly series: readonly HeldSeries[];
  close(): void;
}

export interface LiveQuery {
  /** Prometheus instant-vector selector. */
  readonly selector: string;
  /** How much of the past to hold. */
  readonly windowMs: number;
}

export interface DataSource {
  /** Where the collector is, no slash at the end; '' is the page's own origin. */
  readonly baseUrl: string;
  readonly connection: Readable<Connection>;
  readonly hosts: Readable<Loadable<readonly HostSummary[]>>;
  readonly alerts: Readable<Loadable<readonly Alert[]>>;
  /** Those that touch the last minutes, oldest first. */
  readonly anomalies: Readable<readonly Anomaly[]>;
  /** One fault is one event; those that touch the last minutes, oldest first. */
  readonly events: Readable<readonly AnomalyEvent[]>;
  /** Everything else that the collector offers. */
  readonly api: Api;
  /** Equal queries share one subscription. `changed` is called after samples, series or the state changed. */
  watch(query: LiveQuery, changed: () => void): LiveSubscription;
  readonly jobs: JobNews;
  /** The collector's clock. */
  now(): UnixMs;
  /** Tries to connect at once, also after `signed-out`. */
  retry(): void;
}
