/** One notification to one channel, whatever its kind. */
import type { Incident, Message, UnixMs } from '@tarsier/protocol';
import type { Channel } from '@tarsier/protocol/api';
import { incidentLink } from '../page-links.ts';
import { alertmanager, alertmanagerWebhook } from './alertmanager.ts';
import { discord, ntfy, slack, teams, telegram } from './chats.ts';
import { runCommand } from './command.ts';
import type { Egress } from './egress/egress.ts';
import { sendEmail } from './email.ts';
import { opsgenie, pagerduty } from './pagers.ts';
import { post } from './post.ts';
import { exampleIncidentId } from './example.ts';
import type { HttpRequest, Illustration, Sending } from './sending.ts';
import { webhook } from './webhook.ts';
import { textFor, titleFor } from './words.ts';

export interface SenderDeps {
  /** How what tenants have entered is reached. */
  readonly egress: Egress;
  /** Where people open the page; goes into the notification. */
  readonly pageUrl?: string | undefined;
  /** Programs that channels may run. */
  readonly commandsFolder?: string | undefined;
  /** What is to be seen of an incident; absent: notifications have no pictures. */
  readonly illustrate?: (tenantId: number, incident: Incident, at: UnixMs) => Promise<Illustration | undefined>;
  readonly now?: () => UnixMs;
  readonly timeoutMs?: number;
}

export interface Sender {
  /** @throws {SendError} */
  send(notification: {
    readonly tenantId: number;
    readonly id: string;
    readonly channel: Channel;
    readonly message: Message;
    readonly createdAt: UnixMs;
  }): Promise<void>;
  /** What a person would read. */
  preview(channel: Pick<Channel, 'template'>, message: Message): { readonly title: string; readonly text: string };
}

const defaultTimeoutMs = 10_000;
const lookBackMs = 30 * 60_000;

export function createSender({
  egress,
  pageUrl,
  commandsFolder,
  illustrate = () => Promise.resolve(undefined),
  now = Date.now,
  timeoutMs = defaultTimeoutMs,
}: SenderDeps): Sender {
  const wordsFor = (
    channel: Pick<Channel, 'template'>,
    message: Message,
    at: UnixMs,
  ): Pick<Sending, 'title' | 'text' | 'link'> => {
    const link = pageUrl === undefined ? undefined : pageOf(pageUrl, message, at);
    return { title: titleFor(channel, message, link), text: textFor(channel, message, link), link };
  };
  return {
    preview(channel, message) {
      const { title, text } = wordsFor(channel, message, now());
      return { title, text };
    },
    async send({ tenantId, id, channel, message, createdAt }) {
      const isShown =
        channel.picture && (takesPictures(channel) || (pageUrl !== undefined && fetchesPictures(channel)));
      const picture = isShown ? await illustrate(tenantId, message.incident, createdAt) : undefined;
      const sending: Sending = { id, message, createdAt, picture, ...wordsFor(channel, message, createdAt) };
      if (channel.kind === 'email') await sendEmail(channel, sending, { egress, timeoutMs });
      else if (channel.kind === 'command') await runCommand(channel, sending, { folder: commandsFolder, timeoutMs });
      else await post({ egress, now, timeoutMs }, id, requestOf(channel, sending));
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

/** Those that can be given the picture itself. */
function takesPictures({ kind }: Channel): boolean {
  return kind === 'email' || kind === 'discord' || kind === 'telegram';
}

/** Those that can show a picture at an address; nothing is drawn for others. */
function fetchesPictures({ kind }: Channel): boolean {
  switch (kind) {
    case 'webhook':
    case 'slack':
    case 'discord':
    case 'teams':
    case 'telegram':
    case 'ntfy':
    case 'pagerduty':
      return true;
    default:
      return false;
  }
}

/** Where the page shows the incident, with what was to be seen of it. */
function pageOf(pageUrl: string, { incident }: Message, at: UnixMs): string {
  if (incident.id === exampleIncidentId) return new URL('#/alerts', pageUrl).href;
  return incidentLink(pageUrl, incident, { start: incident.openedAt - lookBackMs, end: at });
}
