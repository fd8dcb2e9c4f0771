import { batchContentType, maxBatchBytes, TarsierError } from '@tarsier/protocol';
import type { Ingest } from '../../ingest/ingest.ts';
import { createIntake } from '../../ingest/intake.ts';
import type { SelfMetrics } from '../../self.ts';
import type { Limiter } from '../../tenancy/limiter.ts';
import type { Turns } from '../../tenancy/turns.ts';
import type { TenantScope } from '../../tenant.ts';
import { answerHeader } from '../answer-header.ts';
import type { Api } from '../api/call.ts';
import { readBody } from '../body.ts';
import type { Drain } from '../drain.ts';
import { tellRate } from '../identify.ts';

/** `POST /v1/ingest`: docs/wire-format.md has the answers. */
export function ingestRoutes(
  api: Api,
  {
    ingest,
    limiter,
    self,
    turns,
    drain,
    agentUrls,
  }: {
    readonly ingest: Ingest;
    readonly limiter: Limiter;
    readonly self: SelfMetrics;
    readonly turns: Pick<Turns, 'tryTake'>;
    readonly drain: Pick<Drain, 'onClose'>;
    /** Where a host's agent should go, the best first; empty where it is not told. */
    readonly agentUrls: (scope: TenantScope, host: string) => readonly string[];
  },
): void {
  const intake = createIntake({}, undefined, turns.tryTake);
  drain.onClose(intake.release);
  api.on('POST /v1/ingest', async ({ c, identity, signal }) => {
    const { tenant, host } = identity;
    const meant = c.req.header('tarsier-tenant');
    if (meant !== undefined && meant !== tenant.tenant) {
      throw new TarsierError(
        'auth/tenant',
        `tarsier-tenant: this key belongs to another tenant than ${JSON.stringify(meant)}`,
        {
          field: 'tarsier-tenant',
        },
      );
    }
    const contentType = c.req.header('content-type');
    if (contentType !== batchContentType) {
      throw new TarsierError(
        'http/content-type',
        `content-type: expected ${batchContentType}, got ${contentType ?? 'none'}`,
        {
          field: 'content-type',
        },
      );
    }
    const turn = await intake.enter(tenant.tenantId, signal).catch((error: unknown) => {
      ingest.refused(tenant, host);
      self.refusedBatches.add(1, { code: error instanceof TarsierError ? error.code : 'ingest/busy' });
      throw error;
    });
    try {
      const body = await readBody(c, maxBatchBytes);
      turn.read();
      const {
        duplicate,
        flushIntervalS,
        samples,
        host: of,
      } = await ingest.accept(tenant, body, {
        host,
        async admit(count) {
          tellRate(c, 'samples', await limiter.samples(identity, count));
        },
      });
      self.ingestedBatches.add(1, { duplicate: String(duplicate) });
      if (!duplicate) self.ingestedSamples.add(samples);
      answerHeader(c, 'tarsier-flush-interval', String(flushIntervalS));
      const urls = agentUrls(tenant, of);
      if (urls.length > 0) answerHeader(c, 'tarsier-collectors', urls.join(' '));
    } catch (error) {
      self.refusedBatches.add(1, { code: error instanceof TarsierError ? error.code : 'http/internal' });
      throw error;
    } finally {
      turn.leave();
    }
  });
}
