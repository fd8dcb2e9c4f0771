import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

test('a key is all that is needed', () => {
  expect(loadConfig(undefined, { TARSIER_KEY: 'tsr_x' })).toMatchObject({
    url: 'http://127.0.0.1:7077',
    key: 'tsr_x',
    intervalMs: 1000,
    flushMs: 10_000,
    spoolBytes: 67_108_864,
  });
});

test('the environment wins over the file, and an empty variable is none', () => {
  const file = JSON.stringify({
    key: 'from file',
    url: 'https://file.example',
    plugins: { cpu: { perCpu: false }, load: false },
  });
  expect(loadConfig(file, { TARSIER_URL: 'https://env.example', TARSIER_KEY: '' })).toMatchObject({
    key: 'from file',
    url: 'https://env.example',
    plugins: { cpu: { perCpu: false }, load: false },
  });
});

test.each([
  [undefined, {}, 'key: expected an API key of scope ingest (TARSIER_KEY)'],
  [
    undefined,
    { TARSIER_KEY: 'k', TARSIER_URL: 'collector:7077' },
    'TARSIER_URL: expected the collector, as in http://127.0.0.1:7077, got string "collector:7077"',
  ],
  [undefined, { TARSIER_KEY: 'k', TARSIER_INTERVAL_MS: 'fast' }, 'TARSIER_INTERVAL_MS'],
  ['{"key":"k","flush":1}', {}, 'Unrecognized key: "flush"'],
  ['{"key":"k","plugins":{"cpu":true}}', {}, 'plugins.cpu'],
  ['[1]', {}, 'the settings file: expected an object, got array of 1'],
  ['{', {}, 'the settings file is not JSON'],
])('settings %j with %j are refused: %s', (file, environment, message) => {
  expect(() => loadConfig(file, environment)).toThrow(message);
});
