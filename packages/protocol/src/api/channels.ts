import { z } from 'zod';
import { defineOperations } from './operation.ts';
import { resourceOperations, withId } from './resource.ts';
import { templateProblem } from './template.ts';

const http = (what: string) => z.url({ protocol: /^https?$/u, error: `expected ${what}` }).max(2_000);
const secret = z.string().min(1).max(1_000);

const template = z
  .string()
  .max(10_000)
  .superRefine((text, context) => {
    const problem = templateProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

const common = {
  name: z.string().min(1).max(200),
  /** What is more than this is told later; what is of severity `page` comes through. */
  rateLimit: z
    .object({ count: z.int().min(1).max(10_000), perMs: z.int().min(1_000).max(86_400_000) })
    .default({ count: 60, perMs: 3_600_000 }),
  /** Whether a picture of what was seen goes with it, where the kind can show one. */
  picture: z.boolean().default(true),
  /** In place of what Tarsier would write: `{{ title }} ({{ priority }})`. */
  template: z.object({ title: template.optional(), text: template.optional() }).default({}),
};

/** `POST /v1/channels`: where notifications go. */
export const newChannelSchema = z
  .discriminatedUnion('kind', [
    /** Tarsier's own JSON, signed where there is a secret. */
    z.object({ kind: z.literal('webhook'), ...common, url: http('http://… or https://…'), secret: secret.optional() }),
    /** What an Alertmanager sends to a `webhook_configs` receiver. */
    z.object({ kind: z.literal('alertmanager-webhook'), ...common, url: http('http://… or https://…') }),
    /** An Alertmanager, which gets the alerts as from a Prometheus. */
    z.object({ kind: z.literal('alertmanager'), ...common, url: http('the address of an Alertmanager') }),
    /** Slack's incoming webhooks, which Mattermost and Rocket.Chat take as well. */
    z.object({ kind: z.literal('slack'), ...common, url: http('the address of an incoming webhook') }),
    z.object({ kind: z.literal('discord'), ...common, url: http('the address of a webhook') }),
    /** A workflow that begins "when a Teams webhook request is received". */
    z.object({ kind: z.literal('teams'), ...common, url: http('the address of a workflow') }),
    z.object({
      kind: z.literal('telegram'),
      ...common,
      botToken: secret,
      chatId: z.string().min(1).max(100),
      apiUrl: http('http://… or https://…').default('https://api.telegram.org'),
    }),
    z.object({
      kind: z.literal('pagerduty'),
      ...common,
      routingKey: secret,
      url: http('http://… or https://…').default('https://events.pagerduty.com/v2/enqueue'),
    }),
    z.object({
      kind: z.literal('opsgenie'),
      ...common,
      apiKey: secret,
      apiUrl: http('http://… or https://…').default('https://api.opsgenie.com'),
    }),
    z.object({
      kind: z.literal('ntfy'),
      ...common,
      url: http('the address of a topic, as in https://ntfy.sh/ops'),
      token: secret.optional(),
    }),
    z.object({
      kind: z.literal('email'),
      ...common,
      server: z
        .url({
          protocol: /^smtps?$/u,
          error: 'expected smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the first byte',
        })
        .max(2_000),
      from: z.string().min(3).max(320),
      to: z.array(z.email('expected an address, as in ops@example.com')).min(1).max(50),
    }),
    /** A program that the collector's operator has put in the folder of commands. */
    z.object({
      kind: z.literal('command'),
      ...common,
      command: z.string().regex(/^[\w][\w.-]{0,99}$/u, 'expected the name of a file'),
    }),
  ])
  .meta({ id: 'NewChannel' });
export type NewChannel = z.infer<typeof newChannelSchema>;
/** What a client may leave out, left out. */
export type ChannelInput = z.input<typeof newChannelSchema>;

export type Channel = NewChannel & { readonly id: string };

/** What a channel of a kind is: `ChannelOf<'slack'>`. */
export type ChannelOf<K extends Channel['kind']> = Extract<Channel, { readonly kind: K }>;

/** `POST /v1/channels/preview`: how a channel would tell of an incident; without one, of an example. */
const previewSchema = z.object({ channel: newChannelSchema, incidentId: z.string().max(100).exactOptional() });
export interface PreviewResponse {
  readonly title: string;
  readonly text: string;
}

/** `POST /v1/channels/:id/test`. */
export interface ChannelTestResponse {
  readonly delivered: boolean;
  readonly error?: string;
}

const previewAnswer: z.ZodType<PreviewResponse> = z.object({ title: z.string(), text: z.string() });
const testAnswer: z.ZodType<ChannelTestResponse> = z.object({
  delivered: z.boolean(),
  error: z.string().exactOptional(),
});

export const channelOperations = {
  ...resourceOperations('channels', {
    one: 'a channel',
    all: 'Where notifications go; secrets are not shown',
    body: newChannelSchema,
    stored: withId(newChannelSchema).meta({ id: 'Channel' }),
  }),
  ...defineOperations({
    'POST /v1/channels/preview': {
      summary: 'How a channel would tell of an incident; without one, of an example',
      tag: 'channels',
      scope: 'read',
      readOnly: true,
      body: previewSchema,
      status: 200,
      answer: previewAnswer,
      refusals: [404],
    },
    'POST /v1/channels/{id}/test': {
      summary: 'Tells a channel something, to see whether it arrives',
      tag: 'channels',
      scope: 'write',
      status: 200,
      answer: testAnswer,
    },
  }),
};
