/** What is in a spool's folder, for a person: also while an agent works with it. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEnvelope, decodePayload, describeError, type UnixMs } from '@tarsier/protocol';
import { schemaHash, zstdDecompress } from '@tarsier/protocol/zstd';
import { readText, segmentFile, segmentIds, spoolFiles } from './files.ts';
import { lockFolder } from './lock.ts';
import { walkSegment } from './records.ts';
import { applyProgress, readSegment, type ReadSegment } from './segment.ts';

export interface SpoolSummary {
  readonly folder: string;
  readonly bytes: number;
  readonly batches: number;
  /** Batches that are not taken yet, and the last ticks of the oldest and the newest of them. */
  readonly waiting: number;
  readonly oldest: UnixMs | undefined;
  readonly newest: UnixMs | undefined;
  /** When the last run of an agent began. */
  readonly epoch: UnixMs | undefined;
  readonly segments: readonly {
    readonly file: string;
    readonly bytes: number;
    readonly batches: number;
    readonly waiting: number;
    /** Places that can not be read. */
    readonly damaged: number;
    /** Bytes of half a record at the end; the next start cuts them off. */
    readonly torn: number;
  }[];
  /** The answer to the last batch that was refused for good; the batch itself is beside it. */
  readonly refused: unknown;
}

/** A place in a spool where something is wrong. */
export interface SpoolProblem {
  readonly file: string;
  readonly offset: number;
  readonly what: string;
}

/** @throws when the folder can't be read */
export async function inspectSpool(folder: string): Promise<SpoolSummary> {
  const read: ReadSegment[] = [];
  for (const id of await segmentIds(folder)) {
    const bytes = await readFile(segmentFile(folder, id));
    read.push(readSegment(id, bytes, (schema) => Buffer.from(schemaHash(schema)).toString('hex')));
  }
  const all = read.map(({ segment }) => segment);
  applyProgress(await readText(folder, spoolFiles.progress), all);
  const waiting = all.flatMap(({ batches }) => batches.filter(({ done }) => !done));
  const epoch = Number(await readText(folder, spoolFiles.epoch));
  return {
    folder,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    batches: all.reduce((sum, { batches }) => sum + batches.length, 0),
    waiting: waiting.length,
    oldest: waiting[0]?.time,
    newest: waiting.at(-1)?.time,
    epoch: epoch > 0 ? epoch : undefined,
    segments: read.map(({ segment, damaged, torn }) => ({
      file: segmentFile(folder, segment.id),
      bytes: segment.bytes + torn,
      batches: segment.batches.length,
      waiting: segment.waiting,
      damaged,
      torn,
    })),
    refused: parseJson(await readText(folder, spoolFiles.refusal)),
  };
}

/** Reads every record back, down to the samples. @returns what is wrong; nothing when all is well */
export async function verifySpool(folder: string): Promise<readonly SpoolProblem[]> {
  const problems: SpoolProblem[] = [];
  const schemas = new Set<string>();
  const needed: { readonly hash: string; readonly file: string; readonly offset: number }[] = [];
  for (const id of await segmentIds(folder)) {
    const file = segmentFile(folder, id);
    for (const part of walkSegment(await readFile(file))) {
      const report = (what: string): number => problems.push({ file, offset: part.start, what });
      const length = part.end - part.start;
      if (part.kind === 'damaged') report(`${length} bytes that are no record`);
      else if (part.kind === 'torn') report(`half a record of ${length} bytes, as a crash leaves it`);
      else if (part.type === 'schema') schemas.add(Buffer.from(schemaHash(part.bytes)).toString('hex'));
      else if (part.type === 'batch') {
        try {
          const batch = decodeEnvelope(part.bytes);
          decodePayload(batch.payload, zstdDecompress);
          needed.push({ hash: Buffer.from(batch.schemaHash).toString('hex'), file, offset: part.start });
        } catch (error) {
          report(describeError(error));
        }
      }
    }
  }
  for (const { hash, file, offset } of needed)
    if (!schemas.has(hash)) problems.push({ file, offset, what: `a batch whose schema ${hash} is not in the spool` });
  return problems;
}

/**
 * Deletes every batch, and the refused one. The epoch stays: names of batches are never used twice.
 *
 * @returns how many batches were deleted that the collector had not taken
 * @throws {TarsierError} `spool/in-use` while an agent works with the folder
 */
export async function dropSpool(folder: string): Promise<number> {
  const lock = await lockFolder(folder);
  try {
    const { waiting } = await inspectSpool(folder);
    for (const id of await segmentIds(folder)) await rm(segmentFile(folder, id), { force: true });
    for (const name of [spoolFiles.refused, spoolFiles.refusal]) await rm(join(folder, name), { force: true });
    return waiting;
  } finally {
    await lock?.release();
  }
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
