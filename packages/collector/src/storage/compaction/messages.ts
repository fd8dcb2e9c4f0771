import type { LogFields, LogLevel } from '../../log.ts';
import type { Connection } from '../database.ts';
import type { HostKey } from '../host-lock.ts';
import type { CompactionPolicy, CompactionStats } from './compactor.ts';

/** What the thread is started with. */
export interface CompactionTask {
  readonly connection: Connection;
  readonly policy: CompactionPolicy;
  /** Share of a core that it may take, 0 to 1. */
  readonly share: number;
  /** Between two rounds, ms. */
  readonly intervalMs: number;
}

/** What the thread is told: hosts that somebody reads, whose batches are many; or to end. */
export type CompactionOrder =
  | { readonly kind: 'flush'; readonly hosts: readonly HostKey[] }
  | { readonly kind: 'stop' };

/** What the thread tells. */
export type CompactionMessage =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  | { readonly kind: 'flushed'; readonly samples: number }
  | { readonly kind: 'round'; readonly stats: CompactionStats };
