import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { eventually, freePort, killAll, run, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
afterEach(killAll);
afterAll(() => folder.remove());

test('what an agent spends on a model is asked of the collector by model, agent and tool', async () => {
  const data = `${folder.path}/data`;
  const collector = await startCollector(data, await freePort());
  const listen = `127.0.0.1:${await freePort()}`;
  const settings = `${folder.path}/agent.yaml`;
  await writeFile(
    settings,
    `plugins:
  otlp: { listen: "${listen}" }
  llm:
    listen: "${listen}"
    prices:
      - { model: "large-*", provider: acme, input: 3, output: 15, cachedInput: 0.3 }
`,
  );
  const agent = run('packages/agent/src/main.ts', ['run', '--config', settings], {
    TARSIER_URL: collector.url,
    TARSIER_KEY: collector.ingestKey,
    TARSIER_STATE: `${folder.path}/agent`,
    TARSIER_HOST: 'llm-host',
    TARSIER_INTERVAL_MS: '500',
    TARSIER_FLUSH_MS: '500',
  });
  const began = Date.now();
  // It listens once it has answered.
  await eventually(async () => (await fetch(`http://${listen}/v1/traces`, { method: 'POST' })).status);
  const application = run('test/support/llm-app.ts', [`http://${listen}`], {});
  expect(await application.exited).toBe(0);
  expect(application.stderr).toEqual([]);

  const api = createApi(collector.url, await createKey(data, 'read'));
  /** The last value of each series of a metric, by the label. */
  async function lastBy(metric: string, label: string): Promise<Record<string, number>> {
    const found = await api.samples(`${metric}{host="llm-host"}`, began, Date.now() + 1_000);
    return Object.fromEntries(found.map(({ metric: of, points }) => [of[label] ?? '', points.at(-1)?.[1] ?? 0]));
  }
  // Three calls: (1000 x 3 + 4000 x 0.3 + 200 x 15) / 1000000 each.
  expect(
    await eventually(async () => {
      const cost = await lastBy('llm_cost_usd_total', 'model');
      return cost['large-1'] === 0.0216 ? cost : undefined;
    }),
  ).toEqual({ 'large-1': 0.0216 });
  expect(await lastBy('llm_tokens_total', 'type')).toEqual({
    input: 3_000,
    cached: 12_000,
    cache_write: 0,
    output: 600,
  });
  expect(await lastBy('llm_calls_total', 'agent')).toEqual({ triage: 4 });
  expect(await lastBy('llm_errors_total', 'error')).toEqual({ rate_limit: 1 });
  expect(await lastBy('llm_tool_runs_total', 'tool')).toEqual({ search: 1 });
  // Through the same port, as it is.
  expect(
    await eventually(async () => {
      const tickets = await lastBy('tickets_closed_total', 'job');
      return 'support-desk' in tickets ? tickets : undefined;
    }),
  ).toEqual({ 'support-desk': 2 });

  expect(await agent.end('SIGTERM')).toBe(0);
  expect(await collector.end('SIGTERM')).toBe(0);
});
