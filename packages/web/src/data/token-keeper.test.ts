import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTokenKeeper, lifetimeOf, tokenFromUrl } from './token-keeper.ts';
import type { GetToken } from './token-keeper.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A JWT that is good for so many seconds, by a clock that is an hour ahead of the browser's. */
function jwt(seconds: number, name: string): string {
  const iat = Date.now() / 1000 + 3600;
  return `x.${btoa(JSON.stringify({ iat, exp: iat + seconds, name }))}.y`;
}

function keeperOf(getToken: GetToken) {
  return createTokenKeeper({ getToken, monotonic: () => Date.now(), random: () => 0 });
}

test('it is renewed when four fifths of its life are over, whatever the browser’s clock says', async () => {
  const getToken = vi.fn(() => Promise.resolve(jwt(600, String(getToken.mock.calls.length))));
  const keeper = keeperOf(getToken);
  const heard = vi.fn();
  keeper.subscribe(heard);
  await keeper.current();
  await vi.advanceTimersByTimeAsync(479_000);
  expect(getToken).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(getToken).toHaveBeenCalledTimes(2);
  expect(heard).toHaveBeenCalledTimes(2);
  keeper.stop();
});

test('fifty that are refused at once ask for one token', async () => {
  const getToken = vi.fn(() => Promise.resolve('t'));
  const keeper = keeperOf(getToken);
  await Promise.all(Array.from({ length: 50 }, () => keeper.renew()));
  expect(getToken).toHaveBeenCalledTimes(1);
  keeper.stop();
});

test('a callback that rejects is asked again, and what was there stays', async () => {
  let broken = false;
  const keeper = keeperOf(() => (broken ? Promise.reject(new Error('no')) : Promise.resolve(jwt(10, 'a'))));
  const first = await keeper.current();
  broken = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await keeper.current()).toBe(first);
  broken = false;
  await vi.advanceTimersByTimeAsync(60_000);
  const heard = vi.fn();
  keeper.subscribe(heard);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(heard).toHaveBeenCalled();
  keeper.stop();
});

test('a callback that hangs is given up after half a minute', async () => {
  const keeper = keeperOf(() => new Promise(() => undefined));
  const asked = expect(keeper.current()).rejects.toThrow('within 30 s');
  await vi.advanceTimersByTimeAsync(30_000);
  await asked;
  keeper.stop();
});

test('a page that slept past the renewal renews when it wakes', async () => {
  const getToken = vi.fn(() => Promise.resolve(jwt(600, 'x')));
  const keeper = keeperOf(getToken);
  await keeper.current();
  // Asleep: the clock goes on, timers do not.
  vi.setSystemTime(Date.now() + 3_600_000);
  keeper.wake();
  await vi.advanceTimersByTimeAsync(1);
  expect(getToken).toHaveBeenCalledTimes(2);
  keeper.stop();
});

test('nothing is asked after the end', async () => {
  const getToken = vi.fn(() => Promise.resolve(jwt(10, 'x')));
  const keeper = keeperOf(getToken);
  await keeper.current();
  keeper.stop();
  keeper.wake();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(getToken).toHaveBeenCalledTimes(1);
});

test('a token that says nothing of its life has none; one from an address is read in both shapes', async () => {
  expect(lifetimeOf('tsr_abc')).toBeUndefined();
  expect(lifetimeOf('a.###.c')).toBeUndefined();
  const answer = (body: string, status = 200) =>
    tokenFromUrl('/token', () => Promise.resolve(new Response(body, { status })));
  expect(await answer('{"token":"abc","expiresAt":1}')()).toBe('abc');
  expect(await answer('abc\n')()).toBe('abc');
  await expect(answer('{}')()).rejects.toThrow('expected { "token"');
  await expect(answer('', 500)()).rejects.toThrow('status 500');
});
