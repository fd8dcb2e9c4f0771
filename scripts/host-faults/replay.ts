/** A recording through the engine that a collector has, as fast as it goes. */
import type { AnomalyEvent } from '@tarsier/protocol';
import { createDetection } from '@tarsier/collector/detect';
import type { Told } from './findings.ts';
import { readRecording, type RecordedFault } from './recording.ts';

export interface Replayed {
  readonly settledAt: number;
  readonly until: number;
  readonly faults: readonly RecordedFault[];
  readonly told: readonly Told[];
}

/** @param file  a recording */
export function replay(file: string): Replayed {
  const { batches, faults, settledAt } = readRecording(file);
  const told = new Map<string, Told>();
  let now = 0;
  const detection = createDetection({
    onChange: () => {},
    onEvent: (_, event: AnomalyEvent) => told.set(event.id, { event, toldAt: told.get(event.id)?.toldAt ?? now }),
  });
  for (const batch of batches) {
    now = batch.matrix.times.at(-1) ?? now;
    detection.consume(batch);
  }
  return { settledAt, until: now, faults, told: [...told.values()] };
}
