import { z } from 'zod';
import type { RunningProcess } from './processes.ts';

const spooledSchema = z.object({ message: z.literal('batch spooled'), times: z.array(z.number()) });

/** Ticks that an agent wrote to its spool, from its own log: `TARSIER_LOG=debug`, `TARSIER_LOG_FORMAT=json`. */
export function spooledTicks({ stderr }: RunningProcess): number[] {
  return stderr.flatMap((line) => {
    // The last line of a killed agent may be cut.
    if (!line.endsWith('}')) return [];
    return spooledSchema.safeParse(JSON.parse(line)).data?.times ?? [];
  });
}
