/**
 * Kills storage again and again while it takes batches, compacts, deletes and drops what expired, each time at another
 * moment; and after each start compares everything with a model.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SampleModel, type PlainBatch } from '../../../packages/collector/src/storage/compaction/testing.ts';
import { checkAll } from './check.ts';
import { createGenerator } from './generate.ts';
import { Killed, startStorage } from './running.ts';

export interface KillsResult {
  readonly kills: number;
  /** Batches that were answered, and those of which it was not known when the kill came. */
  readonly answered: number;
  readonly unanswered: number;
  readonly sealedHours: number;
  readonly flushedSamples: number;
  readonly droppedPartitions: number;
  readonly deletedHosts: number;
  /** That were there at the last look. */
  readonly samples: number;
}

const begin = Date.UTC(2026, 10, 24, 12);
/** So that a hundred kills are four days, of which retention leaves one or two. */
const minutesPerLife = 60;
const inFlight = 6;
/** Orders of batches that are answered before a kill, at most. */
const mostAnswers = 60;

/**
 * @param kills  at least; up to three times as many, until an hour was sealed
 * @param seed  of everything but the moment of a kill
 * @throws what differed from the model, and after which kill
 */
export async function killStorage(
  dataFolder: string,
  kills: number,
  seed: number,
  onKill: (result: KillsResult) => void = () => {},
): Promise<KillsResult> {
  const generator = createGenerator(seed);
  const model = new SampleModel();
  const done = { answered: 0, unanswered: 0, sealedHours: 0, flushedSamples: 0, droppedPartitions: 0, deletedHosts: 0 };
  let now = begin;
  let samples = 0;
  /** What was not answered when the kill came is sent again, as agents do. */
  let open: PlainBatch[][] = [];
  let openDelete: string | undefined;

  for (let kill = 0; ; kill++) {
    const storage = await startStorage(dataFolder, now, ({ sealedHours, flushed, dropped }) => {
      done.sealedHours += sealedHours;
      done.flushedSamples += flushed;
      done.droppedPartitions += dropped;
    });
    if (openDelete !== undefined) await storage.order({ kind: 'delete', host: openDelete });
    openDelete = undefined;
    for (const batches of open) await storage.order({ kind: 'put', batches });
    open = [];
    await storage.order({ kind: 'advance', now });
    try {
      samples = checkAll(await storage.read(), model, now);
    } catch (cause) {
      throw new Error(`after kill ${kill} of seed ${seed}`, { cause });
    }
    const result = { kills: kill, samples, ...done };
    onKill(result);
    // A busy machine may get to no hour before any of its kills.
    if (kill >= kills && (done.sealedHours > 0 || kill === 3 * kills)) {
      await storage.kill('alone');
      return result;
    }

    now += minutesPerLife * 60_000;
    const ends = new AbortController();
    // By what was done, not by time: on a slow machine every life would end before its first answer.
    const enough = Promise.withResolvers<void>();
    let awaited = generator.below(mostAnswers);
    const put = async (): Promise<void> => {
      while (!ends.signal.aborted) {
        const batches = Array.from({ length: 1 + generator.below(4) }, () =>
          generator.batch(generator.hostName(), now),
        );
        for (const batch of batches) model.add(batch);
        try {
          await storage.order({ kind: 'put', batches });
          done.answered += batches.length;
          if (--awaited === 0) enough.resolve();
          // A second time, as when the answer was lost.
          if (generator.random() < 0.1) await storage.order({ kind: 'put', batches });
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          done.unanswered += batches.length;
          open.push(batches);
          return;
        }
      }
    };
    const life = (async () => {
      // Nothing else is said about a host while it is deleted: what comes for it then belongs to the next one.
      if (kill % 5 === 4) {
        openDelete = generator.hostName();
        model.forget(openDelete);
        await storage.order({ kind: 'delete', host: openDelete });
        openDelete = undefined;
        done.deletedHosts++;
      }
      await storage.order({ kind: 'advance', now });
      await Promise.all(Array.from({ length: inFlight }, put));
    })().catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    // Every fourth life ends in its first steps.
    if (kill % 4 !== 0 && awaited > 0) await Promise.race([life, enough.promise]);
    await Promise.race([life, sleep(20 + generator.random() * 300)]);
    await storage.kill(kill % 2 === 0 ? 'alone' : 'with PostgreSQL');
    ends.abort();
    await life;
  }
}
