import { expect, test } from 'vitest';
import { examplePayload } from './example-payload.ts';

test('a payload to begin with has the defaults, and a blank for what is required', () => {
  expect(
    examplePayload({
      properties: {
        days: { type: 'integer', default: 7 },
        query: { type: 'string' },
        promote: { enum: ['if-better', 'always'] },
        note: { type: 'string' },
      },
      required: ['query', 'promote'],
    }),
  ).toEqual({ days: 7, query: '', promote: 'if-better' });
});

test('a schema without properties is an empty payload', () => expect(examplePayload({})).toEqual({}));
