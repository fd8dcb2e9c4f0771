import { createHash } from 'node:crypto';
import { describeError } from '@tarsier/protocol';
import type { ChannelOf } from '@tarsier/protocol/api';
import { createTransport } from 'nodemailer';
import type { Egress } from './egress/egress.ts';
import { SendError, type Sending } from './sending.ts';
import { colorOf } from './words.ts';

/**
 * One mail with plain text and HTML. Mails of one incident are a thread, and a repeated one has the same Message-ID.
 *
 * @throws {SendError} permanent when the server refuses it for good (5xx)
 */
export async function sendEmail(
  channel: ChannelOf<'email'>,
  sending: Sending,
  { egress, timeoutMs }: { readonly egress: Pick<Egress, 'connect'>; readonly timeoutMs: number },
): Promise<void> {
  const { server, from, to } = channel;
  const domain = from.slice(from.lastIndexOf('@') + 1).replaceAll(/[^\w.-]/gu, '');
  const idOf = (text: string): string => `<${createHash('sha256').update(text).digest('hex').slice(0, 32)}@${domain}>`;
  const { id, message, title, text, link, picture } = sending;
  const thread = idOf(message.incident.id);
  const { hostname, port, protocol } = new URL(server);
  let transport: ReturnType<typeof createTransport> | undefined;
  try {
    const connection = await egress.connect(hostname, Number(port) || defaultPorts[protocol] || 587, timeoutMs);
    transport = createTransport({
      url: server,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // What a message says must not make the mailer read files or fetch addresses.
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_, callback) => callback(null, { connection }),
    });
    await transport.sendMail({
      from,
      to,
      subject: title,
      text,
      html: htmlOf(sending),
      // In the mail itself: many mail programs fetch nothing, and the collector may be where they can't.
      attachments:
        picture === undefined
          ? []
          : [{ filename: 'chart.png', contentType: 'image/png', cid: pictureId, content: picture.png() }],
      messageId: idOf(id),
      inReplyTo: thread,
      references: [thread],
      headers: {
        'X-Tarsier-Incident': message.incident.id,
        'Auto-Submitted': 'auto-generated',
        ...(link === undefined ? {} : { 'X-Tarsier-Link': link }),
      },
    });
  } catch (cause) {
    const { host } = new URL(server);
    const code =
      typeof cause === 'object' && cause !== null && 'responseCode' in cause ? Number(cause.responseCode) : 0;
    throw new SendError(`${host} did not take the mail: ${describeError(cause)}`, {
      permanent: code >= 550 && code < 560,
      cause,
    });
  } finally {
    transport?.close();
  }
}

const defaultPorts: Readonly<Record<string, number>> = { 'smtps:': 465 };
const pictureId = 'chart@tarsier';

function htmlOf({ title, text, link, message, picture }: Sending): string {
  const lines = text.split('\n').filter((line) => line !== link);
  const image =
    picture === undefined
      ? ''
      : `<p><img src="cid:${pictureId}" alt="${escapeHtml(picture.alt)}" width="600" style="max-width:100%;height:auto"></p>`;
  const button = link === undefined ? '' : `<p><a href="${escapeHtml(link)}">Open in Tarsier</a></p>`;
  return `<!doctype html><html lang="en"><body style="font-family:sans-serif;line-height:1.45">
<h2 style="border-left:6px solid ${colorOf(message)};padding-left:10px;font-size:17px">${escapeHtml(title)}</h2>
${lines.map((line) => `<p style="margin:4px 0">${escapeHtml(line)}</p>`).join('\n')}
${button}${image}</body></html>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
