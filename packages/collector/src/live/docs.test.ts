import { readFileSync } from 'node:fs';
import type { LiveMessage, LiveRequest } from '@tarsier/protocol/live';
import { expect, test } from 'vitest';
import { parseLiveRequest } from './request.ts';

const requests: { readonly [Type in LiveRequest['type']]: true } = {
  hello: true,
  sub: true,
  unsub: true,
  alerts: true,
  jobs: true,
  models: true,
  act: true,
  ping: true,
};
const messages: { readonly [Type in LiveMessage['type']]: true } = {
  welcome: true,
  series: true,
  gap: true,
  alert: true,
  incident: true,
  anomaly: true,
  'anomaly-event': true,
  job: true,
  'job-progress': true,
  models: true,
  acted: true,
  pong: true,
  error: true,
};

const text = readFileSync(new URL('../../../../docs/live.md', import.meta.url), 'utf8');
const [asked = '', answered = ''] = text.split('## What the collector says');

/** Of the blocks of JSON, a message a line. */
function examples(part: string): { type: string }[] {
  return [...part.matchAll(/```jsonl\n(.*?)```/gsu)].flatMap(([, block = '']) =>
    block
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string }),
  );
}

test('the documentation has an example of every message, and the collector takes those of a client', () => {
  const said = examples(asked);
  for (const message of said) expect(parseLiveRequest(JSON.stringify(message))).toEqual(message);
  expect(new Set(said.map(({ type }) => type))).toEqual(new Set(Object.keys(requests)));
  expect(new Set(examples(answered).map(({ type }) => type))).toEqual(new Set(Object.keys(messages)));
});
