import { TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import { requireStorable } from './api/storable.ts';
import type { AppEnv } from './app-env.ts';
import { readBody } from './body.ts';

const maxJsonBytes = 256 * 1024;

/** @throws {TarsierError} `http/json`, `http/content-type`, `http/too-large`, `http/body` */
export async function jsonBody(c: Context<AppEnv>, limit = maxJsonBytes): Promise<unknown> {
  const contentType = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  // A form can't send this type to another site without asking first.
  if (contentType !== 'application/json') {
    throw new TarsierError(
      'http/content-type',
      `content-type: expected application/json, got ${contentType ?? 'none'}`,
      {
        field: 'content-type',
      },
    );
  }
  const value = parseJson(await readBody(c, limit));
  requireStorable(value, 'http/body');
  return value;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TarsierError('http/json', 'body: expected JSON', { cause });
  }
}
