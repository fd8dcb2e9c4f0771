import type { JobError, JobProgress, UnixMs } from '@tarsier/protocol';
import type { StorageConnection } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';

/** What a thread is started with. */
export interface ThreadTask {
  readonly connection: StorageConnection;
  /** The module that exports `jobTypes`. */
  readonly registry: string;
  /** It computes only with what all others leave of a core. */
  readonly yields: boolean;
}

/** What a run is, wherever it runs. */
export interface Assignment {
  readonly scope: TenantScope;
  readonly jobId: string;
  readonly type: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly now: UnixMs;
}

export type ThreadOrder =
  | { readonly kind: 'run'; readonly assignment: Assignment }
  | { readonly kind: 'abort'; readonly why: string }
  | { readonly kind: 'stop' };

export type ThreadMessage =
  /** `thread` as the system names it, where it does. */
  | { readonly kind: 'ready'; readonly thread: string | undefined }
  | { readonly kind: 'progress'; readonly progress: JobProgress }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn';
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>> | undefined;
    }
  /** `result` is JSON text; undefined for nothing. */
  | { readonly kind: 'done'; readonly result: string | undefined; readonly meteredMs: number | undefined }
  | { readonly kind: 'failed'; readonly error: JobError; readonly meteredMs: number | undefined };
