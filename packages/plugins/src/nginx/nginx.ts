import { describeIssue } from '@tarsier/protocol';
import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import type { Host } from '../host/host.ts';
import { findLocal, type Local } from '../targets/local-server.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { createTargets, maxTargets, named, noTargets, shownUrl, targetName } from '../targets/targets.ts';
import { apiParts, parseStubStatus, responseClasses } from './status.ts';

const maxBytes = 4 * 1024 * 1024;
/** Written by Debian's, Red Hat's, Alpine's and nginx.org's packages. */
const pidFile = '/run/nginx.pid';

const target = z.strictObject({
  name: targetName,
  url: z
    .url({ protocol: /^https?$/u, error: 'expected a URL as in http://127.0.0.1/nginx_status' })
    .describe('Page of stub_status, or API of NGINX Plus with its version, as in http://127.0.0.1:8080/api/9.'),
  verifyTls: z.boolean().default(true).describe('Whether the certificate has to be trusted.'),
});

type Target = z.infer<typeof target>;

const usual: readonly Target[] = ['http://127.0.0.1/nginx_status'].map((url) => ({ name: url, url, verifyTls: true }));

/** Asks nginx for what it knows of itself. */
export const nginx = definePlugin({
  name: 'nginx',
  summary: 'Connections and requests of nginx; of NGINX Plus also its zones and upstreams.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(maxTargets).default([]).describe('Servers that are asked.'),
    discover: z
      .boolean()
      .default(true)
      .describe('Without targets: whether to ask http://127.0.0.1/nginx_status where an nginx runs.'),
    timeoutMs: z.int().min(100).max(9_000).default(3_000).describe('Most that one server may take.'),
  }),
  metrics: {
    nginx_up: { kind: 'gauge', unit: '', help: 'Whether the server told of itself: 1 or 0.' },
    nginx_connections: {
      kind: 'gauge',
      unit: '',
      help: 'Connections by state: reading, writing, waiting for a request (idle); active are all of them.',
    },
    nginx_connections_accepted_total: { kind: 'counter', unit: '', help: 'Connections that were taken.' },
    nginx_connections_handled_total: {
      kind: 'counter',
      unit: '',
      help: 'Connections that were served; fewer than accepted where a limit was reached.',
    },
    nginx_requests_total: { kind: 'counter', unit: '', help: 'Requests.' },
    nginx_requests_current: { kind: 'gauge', unit: '', help: 'Requests that are being served (NGINX Plus).' },
    nginx_zone_requests_current: {
      kind: 'gauge',
      unit: '',
      help: 'Requests being served, by server zone (NGINX Plus).',
    },
    nginx_zone_responses_total: { kind: 'counter', unit: '', help: 'Responses by server zone and code (NGINX Plus).' },
    nginx_zone_received_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Received by server zone (NGINX Plus).' },
    nginx_zone_sent_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Sent by server zone (NGINX Plus).' },
    nginx_peer_up: { kind: 'gauge', unit: '', help: 'Whether a server of an upstream is used: 1 or 0 (NGINX Plus).' },
    nginx_peer_connections: { kind: 'gauge', unit: '', help: 'Connections to a server of an upstream (NGINX Plus).' },
    nginx_peer_responses_total: { kind: 'counter', unit: '', help: 'Responses of it, by code (NGINX Plus).' },
    nginx_peer_failures_total: { kind: 'counter', unit: '', help: 'Tries to reach it that failed (NGINX Plus).' },
    nginx_peer_response_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How long whole answers of it take on average (NGINX Plus).',
    },
  },
  async probe({ config, host }) {
    if (config.targets.length > 0) return undefined;
    if (!config.discover) return noTargets(config.targets);
    const local = await lookAround(host);
    return local.kind === 'found' ? undefined : local.why;
  },
  create({ config, host, warn }) {
    let servers = named('nginx', config.targets, ({ url }) => shownUrl(url));
    const { timeoutMs } = config;
    const targets = createTargets<Target>({ timeoutMs, up: 'nginx_up', warn });
    return {
      async scrape(out, signal) {
        if (servers.length === 0 && config.discover) {
          const local = await lookAround(host);
          if (local.kind === 'none') throw new Error(local.why);
          servers = [local.target];
        }
        await targets.each(servers, { out, signal }, async (server, signal) => {
          const answer = await get(host, server, '', signal);
          if (answer.isJson) await putApi(host, server, out, signal);
          else putStub(answer.text, server.name, out);
        });
      },
    };
  },
});

async function lookAround(host: Host): Promise<Local<Target>> {
  // A web server that is not nginx is not bothered.
  if ((await host.files.stat(pidFile)) === undefined)
    return { kind: 'none', why: `no targets are set, and no nginx runs (there is no ${pidFile})` };
  return findLocal('stub_status of nginx', usual, async (candidate, signal) => {
    parseStubStatus((await get(host, candidate, '', signal)).text);
  });
}

/** @throws {CheckFailure} `status` when the answer is not 200 */
async function get(
  host: Host,
  { url, verifyTls }: Target,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly isJson: boolean }> {
  const address = new URL(url);
  const { username, password } = address;
  address.username = address.password = '';
  if (path !== '') address.pathname = `${address.pathname.replace(/\/$/u, '')}/${path}`;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const { status, headers, body } = await host.http({
    url: address,
    headers: username === '' ? {} : { authorization: `Basic ${credentials}` },
    timeoutMs: 10_000,
    maxBytes,
    verifyTls,
    signal,
  });
  if (status !== 200) throw new CheckFailure('status', `${address.pathname}: expected the status 200, got ${status}`);
  return { text: body.toString(), isJson: headers['content-type']?.startsWith('application/json') === true };
}

function putStub(text: string, name: string, out: ScrapeOutput): void {
  const { accepted, handled, requests, active, reading, writing, waiting } = parseStubStatus(text);
  out.counter('nginx_connections_accepted_total', accepted, { name });
  out.counter('nginx_connections_handled_total', handled, { name });
  // The question counts as well, as it does in nginx's own view.
  out.counter('nginx_requests_total', requests, { name });
  for (const [state, count] of Object.entries({ active, reading, writing, waiting }))
    out.gauge('nginx_connections', count, { name, state });
}

async function putApi(host: Host, server: Target, out: ScrapeOutput, signal: AbortSignal): Promise<void> {
  const { name } = server;
  const part = async <Path extends keyof typeof apiParts>(path: Path): Promise<z.infer<(typeof apiParts)[Path]>> => {
    const { text } = await get(host, server, path, signal);
    const answer: unknown = JSON.parse(text);
    const parsed = apiParts[path].safeParse(answer);
    if (parsed.success) return parsed.data as z.infer<(typeof apiParts)[Path]>;
    throw new CheckFailure('answer', describeIssue(parsed.error, answer, path, true).message);
  };
  const { accepted, dropped, active, idle } = await part('connections');
  out.counter('nginx_connections_accepted_total', accepted, { name });
  out.counter('nginx_connections_handled_total', accepted - dropped, { name });
  out.gauge('nginx_connections', active + idle, { name, state: 'active' });
  out.gauge('nginx_connections', idle, { name, state: 'waiting' });
  const { total, current } = await part('http/requests');
  out.counter('nginx_requests_total', total, { name });
  out.gauge('nginx_requests_current', current, { name });
  for (const [zone, { processing, responses, received, sent }] of Object.entries(await part('http/server_zones'))) {
    out.gauge('nginx_zone_requests_current', processing, { name, zone });
    for (const [code, count] of responseClasses(responses))
      out.counter('nginx_zone_responses_total', count, { name, zone, code });
    out.counter('nginx_zone_received_bytes_total', received, { name, zone });
    out.counter('nginx_zone_sent_bytes_total', sent, { name, zone });
  }
  for (const [upstream, { peers }] of Object.entries(await part('http/upstreams'))) {
    for (const { server: peer, state, active, responses, fails, response_time: responseMs } of peers) {
      const labels = { name, upstream, peer };
      out.gauge('nginx_peer_up', state === 'up' ? 1 : 0, labels);
      out.gauge('nginx_peer_connections', active, labels);
      out.counter('nginx_peer_failures_total', fails, labels);
      for (const [code, count] of responseClasses(responses))
        out.counter('nginx_peer_responses_total', count, { ...labels, code });
      if (responseMs !== undefined) out.gauge('nginx_peer_response_seconds', responseMs / 1000, labels);
    }
  }
}
