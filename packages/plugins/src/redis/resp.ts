/** Redis's protocol, RESP2, as much as is needed to ask and to understand: pure. */
import { CheckFailure } from '../host/check-failure.ts';

export type Reply = string | number | undefined | readonly Reply[];

/** A command as an array of bulk strings. */
export function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

const maxDepth = 8;
const maxElements = 10_000;

/** An error of the server, as `NOAUTH Authentication required.`: a reply like others, to be judged by who asked. */
export class ErrorReply {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

interface Decoded {
  readonly reply: Reply | ErrorReply;
  /** Where the next one begins. */
  readonly end: number;
}

/**
 * @returns undefined when the reply has not come whole
 * @throws {CheckFailure} `protocol` when these are no replies of a Redis
 */
export function decodeReply(bytes: Buffer, at: number, depth = 0): Decoded | undefined {
  const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
  if (lineEnd < 0) {
    if (bytes.length - at > 65_536) throw noRedis(bytes, at);
    return undefined;
  }
  const text = bytes.toString('utf8', at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (bytes[at]) {
    case 43: // +
      return { reply: text, end };
    case 45: // -
      return { reply: new ErrorReply(text), end };
    case 58: // :
      return { reply: Number(text), end };
    case 36: {
      // $
      const length = lengthOf(text, bytes, at);
      if (length < 0) return { reply: undefined, end };
      if (bytes.length < end + length + 2) return undefined;
      return { reply: bytes.toString('utf8', end, end + length), end: end + length + 2 };
    }
    case 42: {
      // *
      const length = lengthOf(text, bytes, at);
      if (length > maxElements || depth === maxDepth) throw noRedis(bytes, at);
      const elements: Reply[] = [];
      let next = end;
      for (let index = 0; index < length; index++) {
        const element = decodeReply(bytes, next, depth + 1);
        if (element === undefined) return undefined;
        elements.push(element.reply instanceof ErrorReply ? element.reply.message : element.reply);
        next = element.end;
      }
      return { reply: elements, end: next };
    }
    default:
      throw noRedis(bytes, at);
  }
}

/** @returns as many replies as there are in order; undefined until all have come whole */
export function decodeReplies(bytes: Buffer, count: number): (Reply | ErrorReply)[] | undefined {
  const replies: (Reply | ErrorReply)[] = [];
  for (let at = 0; replies.length < count;) {
    const decoded = decodeReply(bytes, at);
    if (decoded === undefined) return undefined;
    replies.push(decoded.reply);
    at = decoded.end;
  }
  return replies;
}

function lengthOf(text: string, bytes: Buffer, at: number): number {
  if (!/^(?:-1|\d{1,9})$/u.test(text)) throw noRedis(bytes, at);
  return Number(text);
}

function noRedis(bytes: Buffer, at: number): CheckFailure {
  const shown = JSON.stringify(bytes.toString('latin1', at, at + 20));
  return new CheckFailure('protocol', `expected an answer of a Redis server, got ${shown}`);
}
