import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from '@tarsier/protocol';
import { newChannelSchema, type Channel, type ChannelInput } from '@tarsier/protocol/api';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { exampleMessage } from './example.ts';
import { createEgress } from './egress/egress.ts';
import { createSender } from './send.ts';
import { SendError } from './sending.ts';
import { startProvider } from './testing-provider.ts';

const at = Date.UTC(2026, 10, 24, 10);
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const firing = exampleMessage(at);
const resolved: Message = {
  ...firing,
  reason: 'resolved',
  status: 'resolved',
  incident: {
    ...firing.incident,
    status: 'resolved',
    alerts: firing.incident.alerts.map((alert) => ({
      ...alert,
      state: { kind: 'resolved', since: at - 60_000, value: 0.5, resolvedAt: at },
    })),
  },
};

const picture = { alt: 'a disk at 93 %', address: 'https://tarsier.example/snapshots/x.png' };
const sender = createSender({
  egress: createEgress({ allow: ['127.0.0.1'] }),
  pageUrl: 'https://tarsier.example/',
  illustrate: () => Promise.resolve({ ...picture, png: () => Buffer.from('not really a PNG') }),
  now: () => at,
  timeoutMs: 2_000,
});
const channelOf = (input: ChannelInput): Channel => ({ ...newChannelSchema.parse(input), id: 'c' });
const send = (input: ChannelInput, message: Message = firing) =>
  sender.send({ tenantId: 1, id: 'n1', channel: channelOf(input), message, createdAt: at });

interface Provider {
  /** @param url  of the fake */
  readonly channel: (url: string) => ChannelInput;
  readonly path: string;
  /** What its documentation asks for; anything else is refused. */
  readonly firing: z.ZodType;
  readonly resolved: z.ZodType;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the resolved one, where it is another. */
  readonly resolvedPath?: string;
}

const title = '[FIRING warning] Test of this channel on example-1';
const over = '[RESOLVED] Test of this channel on example-1';
const text = z.string().regex(/above 0\.9/u);
const iso = z.iso.datetime();
const link = z.literal('https://tarsier.example/#/alerts');
const pictureAt = z.literal(picture.address);
const labels = z.strictObject({
  host: z.literal('example-1'),
  mount: z.literal('/'),
  alertname: z.literal('Test of this channel'),
  severity: z.literal('warning'),
});
const annotations = z.strictObject({ summary: text });

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const amWebhook = (status: string) =>
  z.strictObject({
    version: z.literal('4'),
    groupKey: z.string().min(1),
    truncatedAlerts: z.literal(0),
    status: z.literal(status),
    receiver: z.literal('ops'),
    groupLabels: z.record(z.string(), z.string()),
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: link,
    alerts: z.tuple([
      z.strictObject({
        status: z.literal(status),
        labels,
        annotations,
        startsAt: iso,
        endsAt: status === 'firing' ? z.literal('0001-01-01T00:00:00Z') : iso,
        generatorURL: link,
        fingerprint: z.string(),
      }),
    ]),
  });

const slackMessage = (headline: string, color: string) =>
  z.strictObject({
    text: z.literal(headline),
    attachments: z.tuple([
      z.strictObject({
        color: z.literal(color),
        fallback: z.string(),
        title: z.string(),
        title_link: link,
        text,
        image_url: pictureAt,
      }),
    ]),
  });

const discordMessage = (headline: string) =>
  z.strictObject({
    embeds: z.tuple([
      z.strictObject({
        title: z.literal(headline),
        description: text.max(4_096),
        color: z.int().min(0).max(0xffffff),
        timestamp: iso,
        url: link,
        image: z.strictObject({ url: pictureAt }),
      }),
    ]),
    allowed_mentions: z.strictObject({ parse: z.tuple([]) }),
  });

const teamsMessage = (headline: string, color: string) =>
  z.strictObject({
    type: z.literal('message'),
    attachments: z.tuple([
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: z.object({
          $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
          type: z.literal('AdaptiveCard'),
          version: z.literal('1.4'),
          body: z
            .tuple([z.object({ type: z.literal('TextBlock'), text: z.literal(headline), color: z.literal(color) })])
            .rest(
              z.discriminatedUnion('type', [
                z.object({ type: z.literal('TextBlock'), text: z.string() }),
                z.strictObject({ type: z.literal('Image'), url: pictureAt, altText: z.string().min(1) }),
              ]),
            )
            .refine((body) => body.some(({ type }) => type === 'Image')),
          actions: z.tuple([z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url: link })]),
        }),
      }),
    ]),
  });

const telegramMessage = (headline: string, quiet: boolean) =>
  z.strictObject({
    chat_id: z.literal('-100'),
    text: z.string().max(4_096).startsWith(headline),
    disable_notification: z.literal(quiet),
    link_preview_options: z.strictObject({
      url: pictureAt,
      prefer_large_media: z.literal(true),
      show_above_text: z.literal(false),
    }),
  });

const ntfyMessage = (headline: string, priority: number, tag: string) =>
  z.strictObject({
    topic: z.literal('ops'),
    title: z.literal(headline),
    message: text,
    priority: z.literal(priority),
    tags: z.tuple([z.literal(tag)]),
    click: link,
    attach: pictureAt,
    filename: z.literal('chart.png'),
  });

const amAlert = (ends: (time: number) => boolean) =>
  z.strictObject({
    labels,
    annotations,
    startsAt: iso,
    endsAt: iso.refine((text) => ends(Date.parse(text))),
    generatorURL: link,
  });

const providers: Readonly<Record<string, Provider>> = {
  webhook: {
    channel: (url) => ({ kind: 'webhook', name: 'ops', url }),
    path: '/',
    firing: z.object({
      version: z.literal(1),
      status: z.literal('firing'),
      because: z.literal('first'),
      reason: text,
      link,
      picture: pictureAt,
    }),
    resolved: z.object({ version: z.literal(1), status: z.literal('resolved'), because: z.literal('resolved') }),
  },
  'alertmanager-webhook': {
    channel: (url) => ({ kind: 'alertmanager-webhook', name: 'ops', url: `${url}/hook` }),
    path: '/hook',
    firing: amWebhook('firing'),
    resolved: amWebhook('resolved'),
  },
  alertmanager: {
    channel: (url) => ({ kind: 'alertmanager', name: 'ops', url: `${url}/` }),
    path: '/api/v2/alerts',
    firing: z.tuple([amAlert((time) => time === at + 86_400_000)]),
    resolved: z.tuple([amAlert((time) => time === at)]),
  },
  slack: {
    channel: (url) => ({ kind: 'slack', name: 'ops', url: `${url}/services/T0/B0/secret` }),
    path: '/services/T0/B0/secret',
    firing: slackMessage(title, '#c77700'),
    resolved: slackMessage(over, '#1f7a3f'),
  },
  discord: {
    channel: (url) => ({ kind: 'discord', name: 'ops', url: `${url}/api/webhooks/1/secret` }),
    path: '/api/webhooks/1/secret',
    firing: discordMessage(title),
    resolved: discordMessage(over),
  },
  teams: {
    channel: (url) => ({ kind: 'teams', name: 'ops', url: `${url}/workflows/1` }),
    path: '/workflows/1',
    firing: teamsMessage(title, 'Warning'),
    resolved: teamsMessage(over, 'Good'),
  },
  telegram: {
    channel: (apiUrl) => ({ kind: 'telegram', name: 'ops', apiUrl, botToken: '1:secret', chatId: '-100' }),
    path: '/bot1:secret/sendMessage',
    firing: telegramMessage(title, false),
    resolved: telegramMessage(over, true),
  },
  pagerduty: {
    channel: (url) => ({ kind: 'pagerduty', name: 'ops', url: `${url}/v2/enqueue`, routingKey: 'key' }),
    path: '/v2/enqueue',
    firing: z.strictObject({
      routing_key: z.literal('key'),
      dedup_key: z.literal('test'),
      event_action: z.literal('trigger'),
      payload: z.strictObject({
        summary: z.string().max(1_024).startsWith('[FIRING'),
        source: z.literal('example-1'),
        severity: z.enum(['critical', 'error', 'warning', 'info']),
        timestamp: iso,
        class: z.literal('Test of this channel'),
        custom_details: z.record(z.string(), z.unknown()),
      }),
      client: z.string(),
      client_url: link,
      links: z.tuple([z.strictObject({ href: link, text: z.string() })]),
      images: z.tuple([z.strictObject({ src: pictureAt, alt: z.string() })]),
    }),
    resolved: z.strictObject({
      routing_key: z.literal('key'),
      dedup_key: z.literal('test'),
      event_action: z.literal('resolve'),
    }),
  },
  opsgenie: {
    channel: (apiUrl) => ({ kind: 'opsgenie', name: 'ops', apiUrl, apiKey: 'key' }),
    path: '/v2/alerts',
    headers: { authorization: 'GenieKey key' },
    firing: z.strictObject({
      message: z.string().max(130),
      alias: z.literal('test'),
      description: text.max(15_000),
      priority: z.literal('P3'),
      source: z.string(),
      entity: z.literal('example-1'),
      details: z.record(z.string(), z.string()),
    }),
    resolved: z.strictObject({ source: z.string(), note: z.string() }),
    resolvedPath: '/v2/alerts/test/close?identifierType=alias',
  },
  ntfy: {
    channel: (url) => ({ kind: 'ntfy', name: 'ops', url: `${url}/ops`, token: 'tk' }),
    path: '/',
    headers: { authorization: 'Bearer tk' },
    firing: ntfyMessage(title, 3, 'rotating_light'),
    resolved: ntfyMessage(over, 2, 'white_check_mark'),
  },
};

describe.each(Object.entries(providers))(
  '%s',
  (_, { channel, path, headers = {}, resolvedPath = path, ...schemas }) => {
    test('is told in its own format, of the beginning and of the end', async () => {
      const provider = await startProvider();
      closers.push(provider.close);
      await send(channel(provider.url));
      await send(channel(provider.url), resolved);
      expect(provider.received.map((request) => request.path)).toEqual([path, resolvedPath]);
      expect(provider.received[0]?.headers).toMatchObject({
        'content-type': 'application/json',
        'idempotency-key': 'n1',
        ...headers,
      });
      const [first, second] = provider.received;
      expect(schemas.firing.safeParse(first?.json).error?.issues).toBeUndefined();
      expect(schemas.resolved.safeParse(second?.json).error?.issues).toBeUndefined();
    });

    test.each([
      [
        '429 with Retry-After',
        { status: 429, headers: { 'retry-after': '120' } },
        { permanent: false, retryAfterMs: 120_000 },
      ],
      [
        '503 until a date',
        { status: 503, headers: { 'retry-after': new Date(at + 30_000).toUTCString() } },
        { permanent: false, retryAfterMs: 30_000 },
      ],
      ['500', { status: 500 }, { permanent: false, retryAfterMs: 0 }],
      ['404, which somebody may mend', { status: 404 }, { permanent: false }],
      ['400', { status: 400 }, { permanent: true }],
    ])('says of %s whether and when to try again, and tells no secret', async (_case, answer, expected) => {
      const provider = await startProvider([answer]);
      closers.push(provider.close);
      const failure = await send(channel(provider.url)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(SendError);
      expect(failure).toMatchObject(expected);
      expect(String(failure)).toContain(`answered ${answer.status}`);
      expect(String(failure)).not.toMatch(/secret/u);
    });
  },
);

/** A real SMTP server. @param refusal  what it answers to the message */
async function startMailServer(refusal?: { readonly code: number }) {
  const mails: { readonly to: readonly string[]; readonly text: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        if (refusal !== undefined) {
          done(Object.assign(new Error('no'), { responseCode: refusal.code }));
          return;
        }
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => {
      const address = listening.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  closers.push(() => new Promise<void>((resolve) => server.close(resolve)));
  return { mails, server: `smtp://127.0.0.1:${port}` };
}

const mailbox = {
  kind: 'email' as const,
  name: 'ops',
  from: 'Tarsier <tarsier@example.com>',
  to: ['ops@example.com', 'ann@example.com'],
};

test('mails are plain text and HTML, one thread for each incident, and a repeated one has the same id', async () => {
  const { mails, server } = await startMailServer();
  await send({ ...mailbox, server });
  await send({ ...mailbox, server });
  expect(mails).toHaveLength(2);
  const [first, again] = mails;
  expect(first?.to).toEqual(['ops@example.com', 'ann@example.com']);
  expect(first?.text).toMatch(/^Subject: \[FIRING warning\] Test of this channel on example-1\r$/mu);
  expect(first?.text).toMatch(/multipart\/alternative/u);
  expect(first?.text).toMatch(/text\/html/u);
  const header = (name: string, mail = first): string =>
    new RegExp(`^${name}: (.*)\r$`, 'mu').exec(mail?.text ?? '')?.[1] ?? '';
  expect(header('Message-ID')).toMatch(/^<[0-9a-f]{32}@example\.com>$/u);
  expect(header('Message-ID', again)).toBe(header('Message-ID'));
  expect(header('References')).toBe(header('In-Reply-To'));
  expect(header('X-Tarsier-Incident')).toBe('test');
  expect(first?.text).toMatch(/Content-Type: image\/png; name=chart\.png/u);
  expect(first?.text).toContain(Buffer.from('not really a PNG').toString('base64'));
  expect(first?.text).toMatch(/^Content-Id: <chart@tarsier>\r$/imu);
  expect(first?.text).toMatch(/<img src=(3D)?"cid:chart@tarsier"/u);
});

test('a channel that wants no picture has none, and without an address a chat has none', async () => {
  const provider = await startProvider();
  closers.push(provider.close);
  await send({ kind: 'slack', name: 'ops', url: provider.url, picture: false });
  let drawn = 0;
  const nowhere = createSender({
    egress: createEgress({ allow: ['127.0.0.1'] }),
    illustrate() {
      drawn++;
      return Promise.resolve(undefined);
    },
  });
  const channel = channelOf({ kind: 'slack', name: 'ops', url: provider.url });
  await nowhere.send({ tenantId: 1, id: 'n1', channel, message: firing, createdAt: at });
  expect(provider.received).toHaveLength(2);
  expect(JSON.stringify(provider.received)).not.toContain('image_url');
  // What nobody can fetch is not drawn.
  expect(drawn).toBe(0);
  const { mails, server } = await startMailServer();
  await send({ ...mailbox, server, picture: false });
  expect(mails[0]?.text).not.toMatch(/image\/png|<img/u);
});

test.each([
  [451, false],
  [554, true],
])('a mail server that answers %i: given up for good is %s', async (code, permanent) => {
  const { server } = await startMailServer({ code });
  const failure = await send({ ...mailbox, server: server.replace('smtp://', 'smtp://user:secret@') }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(SendError);
  expect(String(failure)).not.toMatch(/secret/u);
  // Without TLS this server takes no password: that is nothing that stays so for ever.
  const plain = await send({ ...mailbox, server }).catch((error: unknown) => error);
  expect(plain).toMatchObject({ permanent });
});

test('a command of the operator’s folder gets the message on its input, and nothing of the environment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-commands-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'tell'), `#!/bin/sh\ncat > '${folder}/input'\nenv > '${folder}/environment'\n`);
  await writeFile(join(folder, 'fail'), '#!/bin/sh\necho out of paper >&2\nexit 3\n');
  await Promise.all(['tell', 'fail'].map((name) => chmod(join(folder, name), 0o755)));
  const commands = createSender({
    egress: createEgress({ allow: ['127.0.0.1'] }),
    commandsFolder: folder,
    now: () => at,
  });
  const run = (command: string) =>
    commands.send({
      tenantId: 1,
      id: 'n1',
      channel: channelOf({ kind: 'command', name: 'ops', command }),
      message: firing,
      createdAt: at,
    });
  await run('tell');
  expect(JSON.parse(await readFile(join(folder, 'input'), 'utf8'))).toMatchObject({
    id: 'n1',
    title,
    status: 'firing',
  });
  const environment = (await readFile(join(folder, 'environment'), 'utf8'))
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(environment).toContain('TARSIER_NOTIFICATION');
  expect(environment).not.toContain('HOME');
  await expect(run('fail')).rejects.toThrow('fail failed: out of paper');
  await expect(run('none')).rejects.toThrow('none failed');
  await expect(send({ kind: 'command', name: 'ops', command: 'tell' })).rejects.toThrow('TARSIER_COMMANDS');
  expect(newChannelSchema.safeParse({ kind: 'command', name: 'x', command: '../tell' }).success).toBe(false);
});

test('a template says it in its own words, and a wrong one is refused with what there is', () => {
  const template = {
    title: '{{ severity }}: {{alert}} on {{ host }}{{ labels.mount }}',
    text: '{{ why }} ({{ priority }})',
  };
  const channel = channelOf({ kind: 'slack', name: 'ops', url: 'https://hooks.example/x', template });
  expect(sender.preview(channel, firing)).toEqual({
    title: 'warning: Test of this channel on example-1/',
    text: `${firing.why} (18)`,
  });
  const wrong = (text: string) =>
    newChannelSchema.safeParse({ kind: 'slack', name: 'x', url: 'https://a.example/', template: { text } });
  expect(wrong('{{ owner }}').error?.issues[0]).toMatchObject({
    path: ['template', 'text'],
    message: expect.stringContaining('got {{ owner }}'),
  });
  expect(wrong('{{ title').error?.issues[0]?.message).toBe('expected each {{ to have its }}');
});

test('what an alert says is no markup of the channel', async () => {
  const provider = await startProvider();
  closers.push(provider.close);
  const evil = { ...firing, why: '<!channel> <script>alert(1)</script> & @everyone' };
  await send({ kind: 'slack', name: 'ops', url: provider.url }, evil);
  expect(JSON.stringify(provider.received[0]?.json)).toContain('&lt;!channel&gt;');
  const { mails, server } = await startMailServer();
  await send({ ...mailbox, server }, evil);
  expect(mails[0]?.text).not.toContain('<script>alert(1)</script> & @everyone</p>');
});
