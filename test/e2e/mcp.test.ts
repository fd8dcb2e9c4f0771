/** The MCP endpoint of a collector, asked by the official SDK as an AI agent's program would. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, expect, test } from 'vitest';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createKey, startAgent, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
afterAll(async () => {
  killAll();
  await folder.remove();
});

async function connect(url: string, key: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', url), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    }),
  );
  return client;
}

test('the official SDK connects, lists the tools, asks each of them, and is told what it did wrong', async () => {
  const data = `${folder.path}/data`;
  const collector = await startCollector(data, await freePort());
  startAgent(collector.url, collector.ingestKey, `${folder.path}/agent`, { TARSIER_HOST: 'web-1' });
  const client = await connect(collector.url, await createKey(data, 'read'));

  expect(client.getServerVersion()).toMatchObject({ name: 'tarsier' });
  expect(client.getServerCapabilities()).toEqual({ tools: {} });
  await client.ping();
  const { tools } = await client.listTools();
  expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);

  await eventually(async () => {
    const { structuredContent } = await client.callTool({ name: 'hosts', arguments: {} });
    return (structuredContent as { hosts: { host: string }[] }).hosts.some(({ host }) => host === 'web-1')
      ? true
      : undefined;
  });
  const seconds = Math.floor(Date.now() / 1_000);
  const range = { start: String(seconds - 600), end: String(seconds) };
  const asked: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    query: { query: 'up{host="web-1"}' },
    query_range: { query: 'up', ...range, step: '30s' },
    series: { query: '{host="web-1"}' },
    anomalies: range,
  };
  for (const { name } of tools) {
    const { isError, content } = await client.callTool({ name, arguments: asked[name] ?? {} });
    // There is no incident yet to ask for.
    expect({ name, isError: isError ?? false, content }).toMatchObject({ name, isError: name === 'incident' });
  }
  const wrong = await client.callTool({ name: 'query', arguments: { query: 'up{' } });
  expect(wrong).toMatchObject({ isError: true, content: [{ type: 'text', text: expect.stringMatching(/\S/u) }] });
  await expect(client.callTool({ name: 'delete', arguments: {} })).rejects.toThrow(/expected one of query/u);
  await client.close();

  await expect(connect(collector.url, 'tsr_nobody')).rejects.toThrow(/401|unauthori[sz]ed/iu);
  await expect(connect(collector.url, collector.ingestKey)).rejects.toThrow(/403|scope/iu);
}, 240_000);
