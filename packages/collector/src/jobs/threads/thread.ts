/**
 * A thread that runs CPU-heavy jobs, one after the other, with a heap and connections of its own. The one module of
 * this room that acts when it is imported.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { silentLog } from '../../log.ts';
import { callingThread, lowerPriority, yieldToAll } from '../../low-priority.ts';
import { joinStorage } from '../../storage/storage.ts';
import { jobErrorOf, resultText } from '../job-failure.ts';
import type { JobTypes } from '../job-type.ts';
import type { Assignment, ThreadMessage, ThreadOrder, ThreadTask } from './messages.ts';
import { createJobRooms } from './rooms.ts';
import { threadCpuMs } from './thread-cpu.ts';

// Whoever starts the thread types them: thread-pool.ts.
const { connection, registry, yields } = workerData as ThreadTask;
const { jobTypes } = (await import(registry)) as { readonly jobTypes: JobTypes };
const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);

if (yields) await yieldToAll();
else lowerPriority();

const storage = await joinStorage(connection, silentLog, Date.now);
const rooms = createJobRooms(storage, silentLog, Date.now);
let running = new AbortController();

async function run({ scope, jobId, type: name, payload, attempt, now }: Assignment): Promise<void> {
  const began = threadCpuMs();
  const metered = (): number | undefined => (began === undefined ? undefined : (threadCpuMs() ?? 0) - began);
  running = new AbortController();
  try {
    const type = jobTypes.get(name);
    if (type === undefined) throw new Error(`this worker has no job type ${name}`);
    const result = await type.run(payload, {
      ...rooms,
      scope,
      jobId,
      attempt,
      now,
      signal: running.signal,
      progress: (progress) => tell({ kind: 'progress', progress }),
      log: (level, message, fields) => tell({ kind: 'log', level, message, fields }),
    });
    tell({ kind: 'done', result: resultText(result), meteredMs: metered() });
  } catch (error) {
    tell({ kind: 'failed', error: jobErrorOf(error), meteredMs: metered() });
  }
}

parentPort?.on('message', (order: ThreadOrder) => {
  if (order.kind === 'run') void run(order.assignment);
  else if (order.kind === 'abort') running.abort(new Error(order.why));
  else void storage.close().then(() => parentPort?.close());
});
tell({ kind: 'ready', thread: callingThread() });
