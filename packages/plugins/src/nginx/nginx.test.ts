import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { freePort, listen, temporaryFolder } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { nginx } from './nginx.ts';

const captured = readFileSync(new URL('testdata/nginx-1.22.1-stub-status.txt', import.meta.url), 'utf8');

/** A web server of which each path has its answer: text, or what is sent as JSON. */
async function serve(answers: Readonly<Record<string, unknown>>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'string') response.setHeader('content-type', 'text/plain').end(answer);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

test('the page of stub_status becomes samples', async () => {
  const url = `${await serve({ '/nginx_status': captured })}/nginx_status`;
  const { scrape, warnings } = openPlugin(nginx, { targets: [{ name: 'web', url }] });
  expect(await scrape()).toEqual({
    'nginx_up{name="web"}': 1,
    'nginx_connections_accepted_total{name="web"}': 8,
    'nginx_connections_handled_total{name="web"}': 8,
    'nginx_requests_total{name="web"}': 8,
    'nginx_connections{name="web",state="active"}': 1,
    'nginx_connections{name="web",state="reading"}': 0,
    'nginx_connections{name="web",state="writing"}': 1,
    'nginx_connections{name="web",state="waiting"}': 0,
  });
  expect(warnings).toEqual([]);
});

test('of NGINX Plus, whose API is JSON, zones and upstreams are measured as well', async () => {
  // After the reference of API version 9: no such server was at hand to capture answers from.
  const responses = { '1xx': 0, '2xx': 90, '3xx': 5, '4xx': 3, '5xx': 2, codes: { 200: 90 }, total: 100 };
  const url = await serve({
    '/api/9': ['nginx', 'connections', 'http'],
    '/api/9/connections': { accepted: 1000, dropped: 4, active: 7, idle: 30 },
    '/api/9/http/requests': { total: 5000, current: 3 },
    '/api/9/http/server_zones': {
      shop: { processing: 2, requests: 102, responses, discarded: 0, received: 11, sent: 22 },
    },
    '/api/9/http/upstreams': {
      backend: {
        peers: [
          { id: 0, server: '10.0.0.1:80', state: 'up', active: 1, responses, fails: 0, response_time: 36 },
          { id: 1, server: '10.0.0.2:80', state: 'unhealthy', active: 0, responses, fails: 9 },
        ],
      },
    },
  });
  const { scrape, warnings } = openPlugin(nginx, { targets: [{ name: 'plus', url: `${url}/api/9` }] });
  expect(await scrape()).toMatchObject({
    'nginx_up{name="plus"}': 1,
    'nginx_connections_handled_total{name="plus"}': 996,
    'nginx_connections{name="plus",state="active"}': 37,
    'nginx_connections{name="plus",state="waiting"}': 30,
    'nginx_requests_total{name="plus"}': 5000,
    'nginx_requests_current{name="plus"}': 3,
    'nginx_zone_responses_total{code="5xx",name="plus",zone="shop"}': 2,
    'nginx_zone_sent_bytes_total{name="plus",zone="shop"}': 22,
    'nginx_peer_up{name="plus",peer="10.0.0.1:80",upstream="backend"}': 1,
    'nginx_peer_up{name="plus",peer="10.0.0.2:80",upstream="backend"}': 0,
    'nginx_peer_response_seconds{name="plus",peer="10.0.0.1:80",upstream="backend"}': 0.036,
    'nginx_peer_failures_total{name="plus",peer="10.0.0.2:80",upstream="backend"}': 9,
  });
  expect(warnings).toEqual([]);
});

test('another page, a status of its own and silence are told apart, once, without secrets', async () => {
  const address = await serve({ '/other': '<html>hello', '/api': [9], '/api/connections': { accepted: 'many' } });
  const { scrape, warnings } = openPlugin(nginx, {
    targets: [
      { name: 'other', url: `${address}/other` },
      { url: `${address.replace('//', '//me:geheim@')}/none` },
      { name: 'nobody', url: `http://127.0.0.1:${await freePort()}/` },
      { name: 'odd', url: `${address}/api` },
    ],
  });
  await scrape();
  expect(await scrape()).toEqual({
    'nginx_up{name="other"}': 0,
    [`nginx_up{name="${address}/none"}`]: 0,
    'nginx_up{name="nobody"}': 0,
    'nginx_up{name="odd"}': 0,
  });
  expect(warnings).toHaveLength(4);
  expect(warnings).toContain('other: expected the page of stub_status, got "<html>hello"');
  expect(warnings).toContain(`${address}/none: /none: expected the status 200, got 404`);
  expect(warnings).toContain('odd: connections.accepted: expected a number, got string "many"');
  expect(warnings.join()).not.toContain('geheim');
});

test('where no nginx runs nobody is asked', async () => {
  const asked: string[] = [];
  const host = createHost();
  const reason = await nginx.probe?.(
    {},
    {
      ...host,
      files: { ...host.files, stat: () => Promise.resolve(undefined) },
      http: ({ url }) => {
        asked.push(String(url));
        return Promise.reject(new Error('not expected'));
      },
    },
  );
  expect(reason).toBe('no targets are set, and no nginx runs (there is no /run/nginx.pid)');
  expect(asked).toEqual([]);
});

const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path));
// Only where there is one: npm brings none.
if (program !== undefined) {
  test('a real server is measured, and its requests are counted', async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
      http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
        server { listen 127.0.0.1:${port}; location /nginx_status { stub_status; } } }`,
    );
    const server = spawn(program, ['-c', file, '-p', folder], { stdio: 'ignore' });
    onTestFinished(() => void server.kill());
    const { scrape } = openPlugin(nginx, { targets: [{ name: 'web', url: `http://127.0.0.1:${port}/nginx_status` }] });
    const up = async () => (await scrape())['nginx_up{name="web"}'];
    await expect.poll(up, { timeout: 20_000 }).toBe(1);
    const before = (await scrape())['nginx_requests_total{name="web"}'] ?? Number.NaN;
    expect((await scrape())['nginx_requests_total{name="web"}']).toBe(before + 1);
  });
}
