import { randomUUID } from 'node:crypto';
import type { Message, UnixMs } from '@tarsier/protocol';

/** What is to be seen of the incident. */
export interface Illustration {
  /** One sentence for who can't see it. */
  readonly alt: string;
  png(): Buffer;
  /** Where it can be fetched for a while; undefined when nobody told the collector its address. */
  readonly address: string | undefined;
}

/** A notification on its way to one channel. */
export interface Sending {
  /** The same at every try: receivers tell a repeated one by it. */
  readonly id: string;
  readonly message: Message;
  /** When it was decided to tell, not when this try was made. */
  readonly createdAt: UnixMs;
  /** Where a person can look; undefined when nobody told the collector its address. */
  readonly link: string | undefined;
  readonly title: string;
  readonly text: string;
  /** Undefined where there is nothing to see, or the channel does not want it. */
  readonly picture: Illustration | undefined;
}

/** A request that tells it; every provider's format ends in one. */
export interface HttpRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Why a notification did not arrive, and whether it is any use to try again. */
export class SendError extends Error {
  override readonly name = 'SendError';
  readonly permanent: boolean;
  /** The receiver's own wish, ms. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    {
      permanent = false,
      retryAfterMs = 0,
      cause,
    }: { permanent?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.permanent = permanent;
    this.retryAfterMs = retryAfterMs;
  }
}

export function jsonRequest(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return { url, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** A form with texts and one picture, for receivers that take the picture itself (RFC 7578). @param file  the name of its field */
export function pictureRequest(
  url: string,
  fields: Readonly<Record<string, string>>,
  file: string,
  png: Uint8Array,
): HttpRequest {
  const boundary = `tarsier-${randomUUID()}`;
  const part = (name: string, head = ''): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${head}\r\n\r\n`;
  const texts = Object.entries(fields).map(([name, text]) => `${part(name)}${text}\r\n`);
  return {
    url,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([
      Buffer.from(`${texts.join('')}${part(file, `; filename="${pictureName}"\r\ncontent-type: image/png`)}`),
      png,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
}

/** What the picture is called where it is a file. */
export const pictureName = 'chart.png';
