import type { LogFields, LogLevel } from '../../log.ts';
import type { Connection } from '../database.ts';
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

/** What the thread tells. */
export type CompactionMessage =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  | { readonly kind: 'round'; readonly stats: CompactionStats };
