import { expect, test } from 'vitest';
import { parseRoute, routeHash } from './route.ts';

test.each(['db-1', 'a/b', '100%', '<img src=x onerror=alert(1)>', 'münchen'])(
  'the address of host %s leads back to it',
  (host) => {
    expect(parseRoute(routeHash({ host }))).toEqual({ host });
  },
);

test.each(['', '#', '#/', '#/hosts/', '#/hosts/%', '#/hosts/a/b', '#/else'])('%s names no host', (hash) => {
  expect(parseRoute(hash)).toEqual({});
});
