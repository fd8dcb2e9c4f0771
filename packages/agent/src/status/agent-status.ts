import type { UnixMs } from '@tarsier/protocol';
import type { BudgetState } from '../scrape/budget.ts';
import type { ScrapeStats } from '../scrape/scrape.ts';
import type { ShipStats } from '../shipping/shipper.ts';
import type { SpoolStats } from '../spool/contract.ts';

/** What the process has used. */
export interface AgentUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** How an agent does, for whoever asks. */
export interface AgentStatus {
  readonly host: string;
  readonly url: string;
  /** When it began to measure. */
  readonly epoch: UnixMs;
  readonly intervalMs: number;
  readonly ticks: Readonly<{ missed: number; lagSeconds: number; samples: number; lastAt: UnixMs | undefined }>;
  readonly plugins: readonly (Readonly<ScrapeStats> & {
    readonly name: string;
    readonly series: number;
    /** Time between scrapes, ms; longer than its own while it is slowed down. */
    readonly intervalMs: number;
    readonly slowdown: number;
    /** Why there is nothing to measure; undefined where there is. */
    readonly absent: string | undefined;
  })[];
  readonly spool: Readonly<SpoolStats>;
  readonly ship: Readonly<ShipStats>;
  readonly usage: AgentUsage;
  /** Shares of a core: what it may use, and what it used lately. */
  readonly budget: BudgetState;
}
