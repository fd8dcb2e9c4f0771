import { definePlugin } from '@tarsier/plugins';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkConfig, describeProblem, loadConfig } from './config.ts';

const probe = definePlugin({
  name: 'http-check',
  summary: 'A plugin of a test.',
  config: z.object({
    targets: z.array(z.object({ url: z.url(), timeoutMs: z.int().min(1).max(5_000).default(1_000) })).default([]),
    mode: z.enum(['fast', 'slow']).default('fast'),
    password: z.string().min(20).optional(),
    environment: z.record(z.string().regex(/^[A-Z_]+$/u, 'expected a name of a variable'), z.string()).optional(),
  }),
  metrics: {},
  create: () => ({ scrape() {} }),
});
const simple = definePlugin({
  name: 'network',
  summary: 'Another one.',
  config: z.object({ perCpu: z.boolean().default(true) }),
  metrics: {},
  create: () => ({ scrape() {} }),
});
const plugins = [probe, simple];

const check = (text: string, environment: Record<string, string> = {}, files: Record<string, string> = {}) =>
  checkConfig({
    file: { path: 'agent.yaml', text },
    environment: { TARSIER_KEY: 'tsr_k', ...environment },
    plugins,
    readFile(path) {
      const content = files[path];
      if (content === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
      return content;
    },
  });
const problemsIn = (...args: Parameters<typeof check>) => check(...args).problems.map(describeProblem);

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
  expect(
    loadConfig(file, { TARSIER_URL: 'https://env.example', TARSIER_KEY: '', TARSIER_FLUSH_MS: '500' }),
  ).toMatchObject({
    key: 'from file',
    url: 'https://env.example',
    flushMs: 500,
    plugins: { cpu: { perCpu: false }, load: false },
  });
});

test('YAML and JSON say the same', () => {
  const yaml = `
# the collector
url: https://collector.example
plugins:
  http-check:
    targets:
      - url: https://shop.example
  network: false
`;
  const json = `{\n\t"url": "https://collector.example",\n\t"plugins": {"http-check": {"targets": [{"url": "https://shop.example"}]}, "network": false}\n}`;
  expect(check(yaml).problems).toEqual([]);
  expect(check(yaml).config).toEqual(check(json).config);
});

test('plugins may be a list as well: names, and names with settings', () => {
  const list = check('plugins:\n  - network\n  - http-check: { mode: slow }\n');
  expect(list.problems).toEqual([]);
  expect(list.config?.plugins).toEqual({ network: {}, 'http-check': { mode: 'slow' } });
});

test.each(['network', 'agent', 'agent_plugins'])(
  'a plugin from outside can not be called %s, as one of its own is',
  (name) => {
    const { problems } = checkConfig({
      file: { path: 'agent.yaml', text: 'plugins: [./mine.ts]' },
      environment: { TARSIER_KEY: 'tsr_k' },
      plugins,
      modules: new Map([['./mine.ts', [{ ...simple, name }]]]),
    });
    expect(problems.map(describeProblem)).toEqual([
      `agent.yaml:1:11: plugins.0: ./mine.ts: there is another plugin called ${name}`,
    ]);
  },
);

test('what enrolment left is used unless a setting says otherwise', () => {
  const enrolled = (text: string, environment = {}) =>
    checkConfig({
      file: { path: 'agent.yaml', text },
      environment,
      plugins,
      enrolment: (folder) =>
        folder === '/var/lib/t' ? { url: 'https://enrolled.example', host: 'web-1', key: 'tsr_enrolled' } : undefined,
      stateFolder: '/var/lib/t',
    });
  expect(enrolled('').config).toMatchObject({
    url: 'https://enrolled.example',
    host: 'web-1',
    key: 'tsr_enrolled',
    state: '/var/lib/t',
    spool: '/var/lib/t/spool',
  });
  expect(enrolled('url: https://new.example', { TARSIER_KEY: 'tsr_k' }).config).toMatchObject({
    url: 'https://new.example',
    key: 'tsr_k',
  });
  expect(enrolled('state: /elsewhere').problems.map(describeProblem)).toEqual([
    'agent.yaml: key: expected a key: enrol this host with tarsier-agent enrol, or set key or TARSIER_KEY, got nothing',
  ]);
});

test('every problem is told, with its place, what came, what was expected, and what was probably meant', () => {
  const text = `url: collector:7077
flush_ms: 500
intervalMs: fast
plugins:
  netwrok:
    perCpu: true
  network:
    percpu: no
    perCpu: "yes"
  http-check:
    mode: medium
    targets:
      - url: https://shop.example
        timeoutMs: 9000
        timeout: 5
      - address: shop
`;
  expect(problemsIn(text)).toEqual([
    'agent.yaml:1:6: url: expected the collector, as in http://127.0.0.1:7077, got string "collector:7077"',
    'agent.yaml:2:1: flush_ms: there is no such setting; did you mean flushMs?',
    'agent.yaml:3:13: intervalMs: expected a number, got string "fast"',
    'agent.yaml:5:3: plugins.netwrok: there is no such plugin; did you mean network? (tarsier-agent plugins lists them)',
    'agent.yaml:8:5: plugins.network.percpu: there is no such option; did you mean perCpu?',
    'agent.yaml:9:13: plugins.network.perCpu: expected true or false, got string "yes"',
    'agent.yaml:11:11: plugins.http-check.mode: expected one of fast, slow, got string "medium"',
    'agent.yaml:14:20: plugins.http-check.targets.0.timeoutMs: expected at most 5000, got number 9000',
    'agent.yaml:15:9: plugins.http-check.targets.0.timeout: there is no such option; did you mean timeoutMs?',
    'agent.yaml:16:9: plugins.http-check.targets.1.address: there is no such option; expected one of url, timeoutMs',
    'agent.yaml:16:9: plugins.http-check.targets.1.url: expected a string, got nothing',
  ]);
});

test.each([
  ['[1]', 'agent.yaml:1:1: expected settings, as in url: http://127.0.0.1:7077, got array of 1'],
  ['{', 'agent.yaml:1:2: expected YAML or JSON: '],
  ['url: a\nurl: b', 'agent.yaml:2:1: expected YAML or JSON: Map keys must be unique'],
  ['a: &a [1,2]\nb: !thing x', 'agent.yaml:2:4: expected YAML or JSON: Unresolved tag: !thing'],
  ['plugins: [5]', 'agent.yaml:1:10: plugins: expected settings by plugin, or a list of plugins, got array of 1'],
  [
    'plugins:\n  network: { perCore: true }',
    'agent.yaml:2:14: plugins.network.perCore: there is no such option; did you mean perCpu?',
  ],
  ['plugins: [netwrok]', 'agent.yaml:1:11: plugins.0: there is no such plugin; did you mean network?'],
  [
    'plugins:\n  network: off',
    'agent.yaml:2:12: plugins.network: expected settings, or false to leave it out, got string "off"',
  ],
  ['url: ${env:NOWHERE}', 'agent.yaml:1:6: url: ${env:NOWHERE}: the environment variable NOWHERE is not set'],
  ['key: ${file:/run/none}', 'agent.yaml:1:6: key: ${file:/run/none}: the file can not be read: ENOENT'],
])('settings %j are refused: %s', (text, problem) => {
  expect(problemsIn(text)[0]).toContain(problem);
});

test('an alias bomb is refused, and not eaten', () => {
  const bomb = Array.from(
    { length: 12 },
    (_, i) =>
      `l${i}: &l${i} [${
        i === 0
          ? 1
          : Array(10)
              .fill(`*l${i - 1}`)
              .join(', ')
      }]`,
  );
  expect(problemsIn(bomb.join('\n'))[0]).toMatch(/expected YAML or JSON: Excessive alias count/u);
});

test('a bad variable is named as the environment has it', () => {
  expect(problemsIn('', { TARSIER_INTERVAL_MS: 'fast', TARSIER_LOG: 'loud' })).toEqual([
    'TARSIER_INTERVAL_MS: intervalMs: expected a number, got string "fast"',
    'TARSIER_LOG: log: expected one of debug, info, warn, error, got string "loud"',
  ]);
});

test('values come from the environment and from files; the files are known, so that a change of one counts', () => {
  const text = `
key: \${file:/run/secrets/key}
url: https://\${env:COLLECTOR}:7077
intervalMs: \${env:EVERY}
plugins:
  network: \${env:NETWORK}
  http-check:
    password: "\${file:/run/secrets/digits}"
tenant: "literally $\${env:X}"
`;
  const { config, problems, files } = check(
    text,
    { COLLECTOR: 'tarsier', EVERY: '2000', NETWORK: 'false', TARSIER_KEY: '' },
    { '/run/secrets/key': 'tsr_fromfile\n', '/run/secrets/digits': '12345678901234567890' },
  );
  expect(problems).toEqual([]);
  expect(config).toMatchObject({
    key: 'tsr_fromfile',
    url: 'https://tarsier:7077',
    intervalMs: 2000,
    tenant: 'literally ${env:X}',
    plugins: { network: false, 'http-check': { password: '12345678901234567890' } },
  });
  expect(files).toEqual(['/run/secrets/key', '/run/secrets/digits']);
});

test('no problem shows a secret, wherever it stands', () => {
  const text = `
url: ftp://me:hunter2@collector
key: 5150hunter2
log: \${env:HUNTER}
plugins:
  http-check:
    password: hunter2
    environment: { 'DB PW': hunter2, DB_PIN: 5150 }
    mode: "\${file:/secret}"
    targets:
      - url: 'hunter2://:hunter2@'
        hunter: x
`;
  const problems = problemsIn(text, { TARSIER_KEY: '', HUNTER: 'hunter2' }, { '/secret': 'hunter2' }).join('\n');
  expect(problems).toContain('got a URL with a password (not shown)');
  expect(problems).toContain('got what it refers to (not shown)');
  expect(problems).toContain('plugins.http-check.password: expected at least 20 characters, got a string (not shown)');
  expect(problems).toContain(
    'agent.yaml:8:20: plugins.http-check.environment.DB PW: expected a name of a variable, got string "DB PW"',
  );
  expect(problems).toContain('environment.DB_PIN: expected a string, got a number (not shown)');
  expect(problems).not.toMatch(/hunter2|5150/u);
});
