import { TarsierError } from '@tarsier/protocol';
import { z } from 'zod';

/** Of a job, or of what is named by the job that made it. @throws {TarsierError} `http/parameter` */
export function idOf(id: string): string {
  const parsed = z.uuid().safeParse(id);
  if (parsed.success) return parsed.data;
  throw new TarsierError('http/parameter', `id: expected the id of a job, got ${JSON.stringify(id.slice(0, 60))}`, {
    field: 'id',
  });
}
