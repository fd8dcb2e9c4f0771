/** One notification to one channel, whatever its kind. */
import type { Message, UnixMs } from '@tarsier/protocol';
import type { Channel } from '@tarsier/protocol/api';
import { alertmanager, alertmanagerWebhook } from './alertmanager.ts';
import { discord, ntfy, slack, teams, telegram } from './chats.ts';
import { runCommand } from './command.ts';
import { sendEmail } from './email.ts';
import { opsgenie, pagerduty } from './pagers.ts';
import { post } from './post.ts';
import type { HttpRequest, Sending } from './sending.ts';
import { webhook } from './webhook.ts';
import { textFor, titleFor } from './words.ts';

export interface SenderDeps {
  readonly fetch: typeof globalThis.fetch;
  /** Where people open the page; goes into the notification. */
  readonly pageUrl?: string | undefined;
  /** Programs that channels may run. */
  readonly commandsFolder?: string | undefined;
  readonly now?: () => UnixMs;
  readonly timeoutMs?: number;
}

export interface Sender {
  /** @throws {SendError} */
  send(notification: {
    readonly id: string;
    readonly channel: Channel;
    readonly message: Message;
    readonly createdAt: UnixMs;
  }): Promise<void>;
  /** What a person would read. */
  preview(channel: Pick<Channel, 'template'>, message: Message): { readonly title: string; readonly text: string };
}

const defaultTimeoutMs = 10_000;

export function createSender({
  fetch,
  pageUrl,
  commandsFolder,
  now = Date.now,
  timeoutMs = defaultTimeoutMs,
}: SenderDeps): Sender {
  const wordsFor = (channel: Pick<Channel, 'template'>, message: Message): Pick<Sending, 'title' | 'text' | 'link'> => {
    const link = pageUrl === undefined ? undefined : pageOf(pageUrl, message);
    return { title: titleFor(channel, message, link), text: textFor(channel, message, link), link };
  };
  return {
    preview(channel, message) {
      const { title, text } = wordsFor(channel, message);
      return { title, text };
    },
    async send({ id, channel, message, createdAt }) {
      const sending: Sending = { id, message, createdAt, ...wordsFor(channel, message) };
      if (channel.kind === 'email') await sendEmail(channel, sending, timeoutMs);
      else if (channel.kind === 'command') await runCommand(channel, sending, { folder: commandsFolder, timeoutMs });
      else await post({ fetch, now, timeoutMs }, id, requestOf(channel, sending));
    },
  };
}

function requestOf(channel: Exclude<Channel, { kind: 'email' | 'command' }>, sending: Sending): HttpRequest {
  switch (channel.kind) {
    case 'webhook':
      return webhook(channel, sending);
    case 'alertmanager-webhook':
      return alertmanagerWebhook(channel, sending);
    case 'alertmanager':
      return alertmanager(channel, sending);
    case 'slack':
      return slack(channel, sending);
    case 'discord':
      return discord(channel, sending);
    case 'teams':
      return teams(channel, sending);
    case 'telegram':
      return telegram(channel, sending);
    case 'pagerduty':
      return pagerduty(channel, sending);
    case 'opsgenie':
      return opsgenie(channel, sending);
    case 'ntfy':
      return ntfy(channel, sending);
  }
}

/** Where the page shows the host of the likely cause. */
function pageOf(pageUrl: string, { incident }: Message): string {
  const host = incident.alerts[0]?.host ?? '';
  return new URL(host === '' ? '#/' : `#/hosts/${encodeURIComponent(host)}`, pageUrl).href;
}
