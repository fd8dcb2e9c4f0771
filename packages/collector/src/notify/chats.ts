/** Chats that take a JSON request: Slack (and Mattermost), Discord, Microsoft Teams, Telegram, ntfy. */
import type { ChannelOf } from '@tarsier/protocol/api';
import { jsonRequest, pictureName, pictureRequest, type HttpRequest, type Sending } from './sending.ts';
import { colorOf, severityWord } from './words.ts';

/** https://api.slack.com/messaging/webhooks; the attachment's colour and text are what Mattermost takes as well. */
export function slack({ url }: ChannelOf<'slack'>, { title, text, link, message, picture }: Sending): HttpRequest {
  const attachment = {
    color: colorOf(message),
    fallback: title,
    title,
    ...(link === undefined ? {} : { title_link: link }),
    text: escapeSlack(text).slice(0, 7_000),
    ...(picture?.address === undefined ? {} : { image_url: picture.address }),
  };
  return jsonRequest(url, { text: escapeSlack(title), attachments: [attachment] });
}

/** https://api.slack.com/reference/surfaces/formatting#escaping */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** https://discord.com/developers/docs/resources/webhook#execute-webhook; nobody is mentioned by what an alert says. */
export function discord({ url }: ChannelOf<'discord'>, { title, text, link, message, picture }: Sending): HttpRequest {
  const embed = {
    title: title.slice(0, 256),
    description: text.slice(0, 4_000),
    color: Number.parseInt(colorOf(message).slice(1), 16),
    timestamp: new Date(message.incident.openedAt).toISOString(),
    ...(link === undefined ? {} : { url: link }),
    ...(picture === undefined ? {} : { image: { url: picture.address ?? `attachment://${pictureName}` } }),
  };
  const payload = { embeds: [embed], allowed_mentions: { parse: [] } };
  if (picture === undefined || picture.address !== undefined) return jsonRequest(url, payload);
  // Where nobody can fetch it, it is sent along.
  return pictureRequest(url, { payload_json: JSON.stringify(payload) }, 'files[0]', picture.png());
}

/** An Adaptive Card in the envelope that Teams workflows take. */
export function teams({ url }: ChannelOf<'teams'>, { title, text, link, message, picture }: Sending): HttpRequest {
  const color = message.status === 'resolved' ? 'Good' : severityWord(message, teamsColors);
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'TextBlock', text: title, weight: 'Bolder', size: 'Medium', color, wrap: true },
      ...text.split('\n').map((line) => ({ type: 'TextBlock', text: line, wrap: true, spacing: 'Small' })),
      ...(picture?.address === undefined ? [] : [{ type: 'Image', url: picture.address, altText: picture.alt }]),
    ],
    actions: link === undefined ? [] : [{ type: 'Action.OpenUrl', title: 'Open in Tarsier', url: link }],
  };
  return jsonRequest(url, {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }],
  });
}

const teamsColors = { info: 'Accent', warning: 'Warning', critical: 'Attention', page: 'Attention' } as const;

/** https://core.telegram.org/bots/api#sendmessage, or sendphoto; as plain text: nothing in it can be taken for markup. */
export function telegram(
  { apiUrl, botToken, chatId }: ChannelOf<'telegram'>,
  { title, text, message, picture }: Sending,
): HttpRequest {
  const bot = `${apiUrl.replace(/\/+$/u, '')}/bot${botToken}`;
  const isQuiet = message.status === 'resolved' || message.incident.severity === 'info';
  if (picture !== undefined && picture.address === undefined) {
    const fields = {
      chat_id: chatId,
      caption: `${title}\n${text}`.slice(0, 1_024),
      disable_notification: String(isQuiet),
    };
    return pictureRequest(`${bot}/sendPhoto`, fields, 'photo', picture.png());
  }
  return jsonRequest(`${bot}/sendMessage`, {
    chat_id: chatId,
    text: `${title}\n${text}`.slice(0, 4_096),
    disable_notification: isQuiet,
    link_preview_options:
      picture?.address === undefined
        ? { is_disabled: true }
        : { url: picture.address, prefer_large_media: true, show_above_text: false },
  });
}

/** https://docs.ntfy.sh/publish/#publish-as-json */
export function ntfy({ url, token }: ChannelOf<'ntfy'>, { title, text, link, message, picture }: Sending): HttpRequest {
  const { origin, pathname } = new URL(url);
  const at = pathname.lastIndexOf('/');
  return jsonRequest(
    `${origin}${pathname.slice(0, at + 1)}`,
    {
      topic: pathname.slice(at + 1),
      title,
      message: text,
      priority: message.status === 'resolved' ? 2 : severityWord(message, ntfyPriorities),
      tags: [message.status === 'resolved' ? 'white_check_mark' : 'rotating_light'],
      ...(link === undefined ? {} : { click: link }),
      ...(picture?.address === undefined ? {} : { attach: picture.address, filename: 'chart.png' }),
    },
    token === undefined ? {} : { authorization: `Bearer ${token}` },
  );
}

const ntfyPriorities = { info: 2, warning: 3, critical: 4, page: 5 } as const;
