import { expect, test } from 'vitest';
import { hostHash, parseRoute, routeHash } from './route.ts';

test.each(['db-1', 'a/b', '100%', '<img src=x onerror=alert(1)>', 'münchen', 'a?b', '#'])(
  'the address of host %s leads back to it',
  (host) => {
    expect(parseRoute(hostHash(host))).toEqual({ page: 'hosts', path: [host], parameters: {} });
  },
);

test('parameters come back as they were; empty ones are left out', () => {
  const parameters = { query: 'sum by (mode) (rate(x{a="b&c=d"}[5m])) > 1', range: '1h' };
  expect(parseRoute(routeHash({ page: 'explore', parameters: { ...parameters, nothing: '' } }))).toEqual({
    page: 'explore',
    path: [],
    parameters,
  });
});

test.each(['', '#', '#/', '/', '#?'])('%j is the first page', (hash) => {
  expect(parseRoute(hash)).toMatchObject({ page: '', path: [] });
});

test('an address that somebody typed is no reason to fail', () => {
  expect(parseRoute('#/hosts/%')).toEqual({ page: 'hosts', path: ['%'], parameters: {} });
});
