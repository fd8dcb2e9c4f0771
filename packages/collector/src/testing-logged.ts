/**
 * What collectors of a test run log, and what they must not: the secrets that went over their doors. Kept in files of the
 * run's folder, which `TARSIER_TEST_LOGS` names; looked through when all tests are over.
 */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createLog, type Log } from './log.ts';

// oxlint-disable-next-line no-restricted-globals -- a test kit
const environment = process.env;
export const loggedFolder = 'TARSIER_TEST_LOGS';

/** Shorter ones are in every log: a code of six digits, a word. */
const leastLength = 12;
const known = new Set<string>();

function append(name: string, text: string): void {
  const folder = environment[loggedFolder];
  // oxlint-disable-next-line no-restricted-globals -- one file for each process
  if (folder !== undefined) appendFileSync(join(folder, `${name}-${process.pid}`), `${text}\n`);
}

export function noteLogged(line: string): void {
  append('log', line);
}

export function noteSecret(secret: string): void {
  // Bodies that are made up have names of metrics, and matchers, everywhere.
  const isMadeUp = /^[a-z]+(?:_[a-z]+)+$|^\{?\w+[=!~]+"/u.test(secret);
  if (secret.length < leastLength || known.has(secret) || isMadeUp) return;
  known.add(secret);
  append('secret', JSON.stringify(secret));
}

/** All that a collector says, down to the smallest. */
export const notedLog: Log = createLog({ level: 'debug', write: noteLogged });

const ofSecrets = /^\/(?:v1\/(?:sign-in|invitations\/accept|account|enrol|channels)|sign-in)/u;
const handsOut = /^\/v1\/(?:keys|tokens|view-tokens|enrol|invitations|account|tenants\/[^/]+\/invitations)/u;
const names = /pass(?:word)?|secret|token|key$|^current|^code$|recoveryCodes|routingKey|webhook/iu;

/** Before a request is answered: what opens something, of its headers and, where secrets are sent, its body. */
export function noteRequest(request: Request, incoming: IncomingMessage | undefined): void {
  const { pathname, searchParams } = new URL(request.url);
  noteSecret(/^\w+ +(\S+)$/u.exec(request.headers.get('authorization') ?? '')?.[1] ?? '');
  for (const [, value = ''] of (request.headers.get('cookie') ?? '').matchAll(/=([^;]+)/gu)) noteSecret(value);
  noteSecret(searchParams.get('code') ?? '');
  if (!ofSecrets.test(pathname) || request.method === 'GET' || incoming === undefined) return;
  // Looked at as it goes by: the app reads Node's own request, of which nothing is left once a clone was read.
  const parts: Uint8Array[] = [];
  const emit = incoming.emit.bind(incoming);
  incoming.emit = (event: string | symbol, ...args: readonly unknown[]): boolean => {
    if (event === 'data' && args[0] instanceof Uint8Array) parts.push(args[0]);
    if (event === 'end') noteNamed(parsed(Buffer.concat(parts).toString()));
    return emit(event, ...args);
  };
}

/** What an answer hands out. */
export async function noteAnswer(request: Request, answer: Response): Promise<void> {
  for (const [, value = ''] of (answer.headers.get('set-cookie') ?? '').matchAll(/=([^;]{20,})/gu)) noteSecret(value);
  if (request.method !== 'POST' || !handsOut.test(new URL(request.url).pathname) || answer.status >= 400) return;
  noteNamed(parsed(await answer.clone().text()));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noteNamed(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > 2) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && names.test(name)) noteSecret(inner);
    else if (Array.isArray(inner) && names.test(name))
      inner.filter((one) => typeof one === 'string').forEach(noteSecret);
    else noteNamed(inner, depth + 1);
  }
}

/** @returns lines that hold a secret, which is left out of them; and how many of each were looked at */
export function secretsLogged(folder: string): {
  readonly lines: number;
  readonly secrets: number;
  readonly found: readonly string[];
} {
  const read = (name: string): string[] =>
    readdirSync(folder)
      .filter((file) => file.startsWith(`${name}-`))
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n'));
  const secrets = [...new Set(read('secret').map((text) => String(JSON.parse(text))))];
  const words = new Set(secrets);
  const sentences = secrets.filter((secret) => !/^[\w.~+/-]+$/u.test(secret));
  const lines = read('log');
  const found = lines.flatMap((line) => {
    // One look for each word of a line, not one for each secret.
    const hit =
      line.match(/[\w.~+/-]{12,}/gu)?.find((word) => words.has(word)) ??
      sentences.find((sentence) => line.includes(sentence));
    return hit === undefined ? [] : [line.replaceAll(hit, '(the secret)')];
  });
  return { lines: lines.length, secrets: secrets.length, found };
}
