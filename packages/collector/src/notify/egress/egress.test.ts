import { createServer, type Socket } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { newChannelSchema } from '@tarsier/protocol/api';
import { afterAll, describe, expect, test } from 'vitest';
import { exampleMessage } from '../example.ts';
import { createSender } from '../send.ts';
import { isPublic } from './address.ts';
import { allowedFrom } from './allowed.ts';
import { createEgress, EgressError, type Egress, type Resolve } from './egress.ts';

const closers: (() => void)[] = [];
afterAll(() => closers.forEach((close) => close()));

/** What nobody may reach: it counts who does. */
async function startInside() {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, connections: () => connections };
}
const inside = await startInside();
const post = (egress: Egress, url: string) => egress.post(url, { headers: {}, body: '{}', timeoutMs: 2_000 });
const resolvingTo =
  (...addresses: readonly string[]): Resolve =>
  (_, __, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

describe('what is not on the public Internet', () => {
  test.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    'not an address',
  ])('%s', (address) => expect(isPublic(address)).toBe(false));
});

test.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1', '64:ff9b::8.8.8.8'])(
  '%s is',
  (address) => expect(isPublic(address)).toBe(true),
);

test.each([
  'http://127.0.0.1:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f000001:PORT/',
  'http://0177.0.0.1:PORT/',
  'http://127.1:PORT/',
  'http://0:PORT/',
  'http://[::1]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://[::ffff:7f00:1]:PORT/',
  'http://localhost:PORT/',
  'http://LOCALHOST.:PORT/',
  'http://a.localhost:PORT/',
  'http://127.0.0.1.:PORT/',
  'http://１２７.0.0.1:PORT/',
  'http://user:password@127.0.0.1:PORT/',
])('%s is refused when it is entered and when it is used, and nothing connects', async (template) => {
  const url = template.replace('PORT', String(inside.port));
  const egress = createEgress();
  expect(() => egress.require(url)).toThrow(EgressError);
  await expect(post(egress, url)).rejects.toThrow('TARSIER_EGRESS_ALLOW');
  expect(inside.connections()).toBe(0);
});

test.each([
  ['an address inside', resolvingTo('127.0.0.1')],
  ['an address inside beside one outside', resolvingTo('1.1.1.1', '127.0.0.1')],
  ['one of IPv6', resolvingTo('::ffff:127.0.0.1')],
])('a name that resolves to %s is not connected to, and its address is not told', async (_, lookup) => {
  const egress = createEgress({ lookup });
  const url = `http://hooks.example:${inside.port}/`;
  expect(() => egress.require(url)).not.toThrow();
  const failure = await post(egress, url).catch((error: unknown) => error);
  expect(String(failure)).toContain('hooks.example is no address on the public Internet');
  expect(String(failure)).not.toContain('127.0.0.1');
  await expect(egress.connect('hooks.example', inside.port, 2_000)).rejects.toThrow(EgressError);
  expect(inside.connections()).toBe(0);
});

test('what a resolver says is used once: one that says something else the next time gains nothing', async () => {
  const answers = [['192.0.2.1'], ['127.0.0.1']];
  let asked = 0;
  const lookup: Resolve = (_, __, callback) =>
    callback(null, [{ address: answers[asked++ % 2]?.[0] ?? '', family: 4 }]);
  const egress = createEgress({ allow: ['192.0.2.0/24'], lookup });
  await egress
    .post(`http://rebinding.example:${inside.port}/`, { headers: {}, body: '', timeoutMs: 200 })
    .catch(() => {});
  expect(asked).toBe(1);
  await expect(post(egress, `http://rebinding.example:${inside.port}/`)).rejects.toThrow(EgressError);
  expect(inside.connections()).toBe(0);
});

test('a redirect is not followed', async () => {
  const server = createHttpServer((_, response) =>
    response.writeHead(307, { location: `http://localhost:${inside.port}/` }).end(),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { status } = await post(createEgress({ allow: ['127.0.0.1'] }), `http://127.0.0.1:${port}/`);
  expect(status).toBe(307);
  expect(inside.connections()).toBe(0);
});

test('what the operator allows is reached: a network, an address, a name, all names below one', async () => {
  const reach = async (allow: readonly string[], host: string): Promise<number> =>
    (await post(createEgress({ allow, lookup: resolvingTo('127.0.0.1') }), `http://${host}:${inside.port}/`)).status;
  const before = inside.connections();
  expect(await reach(['127.0.0.0/8'], '127.0.0.1')).toBe(200);
  expect(await reach(['127.0.0.1'], 'hooks.example')).toBe(200);
  expect(await reach(['hooks.example'], 'Hooks.Example')).toBe(200);
  expect(await reach(['*.example'], 'hooks.example')).toBe(200);
  await expect(reach(['*.example'], 'hooks.example.org')).rejects.toThrow(EgressError);
  await expect(reach(['example'], 'hooks.example')).rejects.toThrow(EgressError);
  expect(inside.connections()).toBeGreaterThan(before);
});

test('what is allowed is allowed in the form of IPv6, too', () => {
  expect(() => createEgress({ allow: ['127.0.0.1'] }).require('http://[::ffff:127.0.0.1]/')).not.toThrow();
});

test.each(['10.0.0.0/33', '10.0.0.0/x', 'http://example', 'a b', '*', '::1/129'])(
  '%s is no allowance, and said to be none',
  (entry) => expect(() => allowedFrom([entry])).toThrow(entry),
);

test('a mail goes no other way', async () => {
  const sender = createSender({ egress: createEgress({ lookup: resolvingTo('127.0.0.1') }), timeoutMs: 2_000 });
  const before = inside.connections();
  const channel = newChannelSchema.parse({
    kind: 'email',
    name: 'x',
    server: `smtp://mail.example:${inside.port}`,
    from: 'a@b.example',
    to: ['a@b.example'],
    picture: false,
  });
  const sent = sender.send({
    tenantId: 1,
    id: 'n',
    channel: { ...channel, id: 'c' },
    message: exampleMessage(0),
    createdAt: 0,
  });
  await expect(sent).rejects.toThrow('mail.example is no address on the public Internet');
  expect(inside.connections()).toBe(before);
});
