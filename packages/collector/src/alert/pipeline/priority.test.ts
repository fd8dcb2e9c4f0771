import { expect, test } from 'vitest';
import { exampleMessage } from '../../notify/example.ts';
import { textFor } from '../../notify/words.ts';
import { priorityOf, type PriorityInput } from './priority.ts';

const calm: PriorityInput = {
  severity: 'warning',
  hosts: 1,
  anomalyScore: undefined,
  seenBefore: 0,
  useful: 0,
  noise: 0,
  now: Date.UTC(2026, 10, 24, 10),
  withinHours: undefined,
};

const partOf = (name: string, input: Partial<PriorityInput>) => {
  const part = priorityOf({ ...calm, ...input }).parts.find((one) => one.name === name);
  return [part?.points, part?.why];
};

test.each([
  ['severity', { severity: 'info' }, 5, 'info'],
  ['severity', { severity: 'warning' }, 18, 'warning'],
  ['severity', { severity: 'critical' }, 30, 'critical'],
  ['severity', { severity: 'page' }, 40, 'page'],
  ['breadth', { hosts: 1 }, 0, '1 host'],
  ['breadth', { hosts: 0 }, 0, '0 hosts'],
  ['breadth', { hosts: 8 }, 10, '8 hosts'],
  ['breadth', { hosts: 500 }, 20, '500 hosts'],
  ['strength', {}, 0, 'no anomaly'],
  ['strength', { anomalyScore: 10 }, 7.5, '10.0 robust standard deviations'],
  ['strength', { anomalyScore: 300 }, 15, '300.0 robust standard deviations'],
  ['novelty', {}, 10, 'not seen in 30 days'],
  ['novelty', { seenBefore: 5 }, 5, 'seen 5 times in 30 days'],
  ['novelty', { seenBefore: 495 }, 0.1, 'seen 495 times in 30 days'],
  ['feedback', {}, 5, 'called useful 0 times, noise 0 times'],
  ['feedback', { useful: 8 }, 9, 'called useful 8 times, noise 0 times'],
  ['feedback', { noise: 8 }, 1, 'called useful 0 times, noise 8 times'],
  ['hour', {}, 0, 'working hours, 10:00 UTC'],
  ['hour', { now: Date.UTC(2026, 10, 24, 3) }, 5, 'off hours, 3:00 UTC'],
  ['hour', { withinHours: false }, 5, 'off hours, by the hours of its route'],
  ['hour', { withinHours: true, now: Date.UTC(2026, 10, 24, 3) }, 0, 'working hours, by the hours of its route'],
] as const)('%s of %j is %f points: %s', (name, input, points, why) => {
  expect(partOf(name, input)).toEqual([points, why]);
});

test('the score is the sum of its parts, from 0 to 100', () => {
  const worst = { severity: 'page', hosts: 64, anomalyScore: 20, useful: 1e9, withinHours: false } as const;
  expect(priorityOf({ ...calm, ...worst }).score).toBe(100);
  expect(priorityOf(calm)).toMatchObject({ score: 33 });
  const least = priorityOf({ ...calm, severity: 'info', seenBefore: 1e6, noise: 1e6 });
  expect(least.score).toBe(5);
});

test('a notification has the score, and each part that gives points with its reason', () => {
  const message = exampleMessage(calm.now);
  const priority = priorityOf({ ...calm, severity: 'page', hosts: 8 });
  expect(textFor({ template: {} }, { ...message, incident: { ...message.incident, priority } }, undefined)).toContain(
    `Priority 65: severity 40 (page), breadth 10 (8 hosts), novelty 10 (not seen in 30 days), feedback 5 (called useful 0 times, noise 0 times)`,
  );
});
