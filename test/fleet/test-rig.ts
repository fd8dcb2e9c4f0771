import { writeFile } from 'node:fs/promises';
import { onTestFailed, onTestFinished } from 'vitest';
import { eventually, run, type RunningProcess } from '../support/processes.ts';
import { thisBuild, type Build } from '../support/tarsier.ts';
import { startRig, type Rig } from './rig.ts';

/** A rig that is stopped with its test; what its collectors said is printed where that fails. */
export async function startTestRig(...settings: Parameters<typeof startRig>): Promise<Rig> {
  const rig = await startRig(...settings);
  onTestFinished(() => rig.stop());
  onTestFailed(() => {
    process.stdout.write(`${rig.collectors.flatMap(({ stderr }, at) => [`${at}:`, ...stderr]).join('\n')}\n`);
  });
  return rig;
}

/** An agent with a settings file, five ticks a second, whose log tells which it has spooled. */
export async function startConfiguredAgent(
  { folder }: Pick<Rig, 'folder'>,
  settings: Readonly<Record<string, unknown>> & { readonly host: string },
  build: Build = thisBuild,
): Promise<RunningProcess> {
  const config = `${folder}/${settings.host}.yaml`;
  await writeFile(config, JSON.stringify({ intervalMs: 200, flushMs: 1_000, ...settings }));
  return run(build.agent, ['run', '--config', config], {
    TARSIER_STATE: `${folder}/${settings.host}`,
    TARSIER_LOG: 'debug',
    TARSIER_LOG_FORMAT: 'json',
  });
}

/**
 * Waits until a host's newest batch is there. An agent that ends gives what it has on disk two seconds, which is too
 * little for one that a collector has just come back to.
 */
export async function caughtUp({ sql }: Pick<Rig, 'sql'>, host: string): Promise<void> {
  await eventually(async () => {
    const [row] = await sql<{ newest: string | null }[]>`
      select max(t1) as newest from (
        select tenant_id, host_id, t1 from batch union all select tenant_id, host_id, t1 from segment
      ) as stored join host using (tenant_id, host_id) where name = ${host}`;
    return Date.now() - Number(row?.newest ?? 0) < 2_500 ? true : undefined;
  });
}
