import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../config.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createPeers, inOrder } from './peers.ts';

const { storage: a, sql, another, drop } = await createTestStorage(Date.now);
const b = await another();
afterAll(async () => {
  await b.close();
  await drop();
});
const scope = await a.tenants.ensure('one');
const hour = 3_600_000;

function peersOf({ collectors, leases }: Pick<typeof a, 'collectors' | 'leases'>, url: string | undefined) {
  const joined: string[] = [];
  const time = { ms: 0 };
  let leads = false;
  const peers = createPeers({
    collectors,
    leases,
    leadership: { leads: () => leads },
    url,
    ttlMs: hour,
    onJoined: () => joined.push('joined'),
    monotonic: () => time.ms,
  });
  return {
    ...peers,
    joined,
    time,
    async decide(): Promise<void> {
      leads = (await leases.renew(hour)).length > 0;
    },
  };
}

test('agents of a tenant are told of the one that decides first, by any collector, and of none that is gone', async () => {
  const [first, second] = [peersOf(a, 'http://a:7077'), peersOf(b, 'http://b:7077')];
  // Until it is known there may be others.
  expect([first.areThere(), first.urlsFor(scope, 'web-1')]).toEqual([true, []]);
  await first.decide();
  await first.renew();
  expect([first.areThere(), first.urlsFor(scope, 'web-1'), first.joined]).toEqual([false, ['http://a:7077'], []]);
  await second.renew();
  await first.renew();
  expect([first.areThere(), first.joined, second.joined]).toEqual([true, ['joined'], ['joined']]);
  for (const host of ['web-1', 'web-2', 'web-3', 'web-4', 'web-5']) {
    for (const one of [first, second]) expect(one.urlsFor(scope, host)).toEqual(['http://a:7077', 'http://b:7077']);
  }
  await a.leases.release();
  await first.leave();
  await second.decide();
  await second.renew();
  expect(second.urlsFor(scope, 'web-1')).toEqual(['http://b:7077']);
  // One that stops says itself that there is another.
  expect(first.urlsFor(scope, 'web-1')).toEqual(['http://b:7077']);
  await first.renew();
  expect(await sql`select holder from collector`).toMatchObject([{ holder: b.collectors.self }]);
  // And one that died is told of no longer than it said.
  await sql`insert into collector (holder, url, expires_at) values ('dead', 'http://dead:7077', 0)`;
  await second.renew();
  expect(second.urlsFor(scope, 'web-1')).toEqual(['http://b:7077']);
  await second.leave();
});

test('a collector that does not say how it is reached is told of to nobody', async () => {
  const [first, second] = [peersOf(a, undefined), peersOf(b, 'http://b:7077')];
  for (const one of [first, second, first]) await one.renew();
  expect(first.urlsFor(scope, 'web-1')).toEqual(['http://b:7077']);
  await second.leave();
  await first.renew();
  expect(first.urlsFor(scope, 'web-1')).toEqual([]);
  await first.leave();
});

test('while nobody can be asked who decides, collectors are there all the same, and what was known last holds', async () => {
  const isAway = { yes: false };
  const others: typeof a.leases.others = (...within) =>
    isAway.yes ? Promise.reject(new Error('away')) : a.leases.others(...within);
  const first = peersOf({ collectors: a.collectors, leases: { ...a.leases, others } }, 'http://a:7077');
  const second = peersOf(b, 'http://b:7077');
  await second.decide();
  for (const one of [second, first]) await one.renew();
  isAway.yes = true;
  first.time.ms = hour / 2;
  await expect(first.renew()).rejects.toThrow('away');
  first.time.ms += (hour * 3) / 4;
  expect([first.running().length, first.urlsFor(scope, 'web-1')[0]]).toEqual([2, 'http://b:7077']);
  await b.leases.release();
  for (const one of [first, second]) await one.leave();
});

test('one that stops while it says that it is here is in no list afterwards', async () => {
  const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
  const renew: typeof a.collectors.renew = async (...what) => {
    await held;
    return a.collectors.renew(...what);
  };
  const first = peersOf({ ...a, collectors: { ...a.collectors, renew } }, 'http://a:7077');
  const renewed = first.renew();
  const left = first.leave();
  goOn();
  await Promise.all([renewed, left]);
  expect(await sql`select holder from collector`).toEqual([]);
  expect(first.running()).toEqual([]);
});

test('a tenant that came back from a collector that can not take it stays for a while', async () => {
  const [first, second] = [peersOf(a, undefined), peersOf(b, undefined)];
  for (const one of [first, second, first]) await one.renew();
  first.time.ms = hour;
  await first.renew();
  const scopes = Array.from({ length: 32 }, (_, at) => ({ tenantId: at + 1, tenant: `t${at}` }));
  const [one, ...rest] = first.ofOthers(scopes);
  if (one === undefined) throw new Error('none of 32 is of another');
  first.handed(one);
  expect(first.ofOthers(scopes)).toEqual(rest);
  first.time.ms += 10 * 60_000;
  expect(first.ofOthers(scopes)).toEqual([one, ...rest]);
  for (const each of [first, second]) await each.leave();
});

test('hosts are divided between collectors, and those of one that is gone between all that are left', () => {
  const all = Array.from({ length: 4 }, (_, at) => ({ id: `c${at}`, url: `http://c${at}` }));
  const hosts = Array.from({ length: 400 }, (_, at) => `7/web-${at}`);
  const lost = hosts.filter((host) => inOrder(all, undefined, host)[0] === 'http://c0');
  expect(lost.length).toBeGreaterThan(60);
  const left = all.slice(1);
  for (const host of hosts) {
    expect(inOrder(left, undefined, host)).toEqual(inOrder(all, undefined, host).filter((url) => url !== 'http://c0'));
    expect(inOrder(all, 'c2', host)[0]).toBe('http://c2');
  }
  const next = Map.groupBy(lost, (host) => inOrder(left, undefined, host)[0]);
  expect([...next.values()].map(({ length }) => length).every((count) => count > lost.length / 6)).toBe(true);
  // Killed and started again, it is there twice until the first one's time is over.
  expect(inOrder([...all, { id: 'again', url: 'http://c0' }], undefined, '7/web-1')).toHaveLength(4);
});

test.each([
  ['https://c1.example', 'https://c1.example'],
  ['http://10.0.0.2:7077/', 'http://10.0.0.2:7077'],
  ['', undefined],
])('TARSIER_ADVERTISE_URL=%s is %s', (given, expected) => {
  expect(loadConfig({ TARSIER_ADVERTISE_URL: given }).advertiseUrl).toBe(expected);
});

test.each([
  '10.0.0.2:7077',
  'ftp://c1.example',
  'https://c1.example/v1',
  'https://ann@c1.example',
  'https://c1.example/?a=1',
])('TARSIER_ADVERTISE_URL=%s is refused', (given) => {
  expect(() => loadConfig({ TARSIER_ADVERTISE_URL: given })).toThrow(/TARSIER_ADVERTISE_URL=.*: expected /u);
});
