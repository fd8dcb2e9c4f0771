import type { JobEvent } from '@tarsier/protocol';
import { expect, test } from 'vitest';
import { trainingCurves } from './training-curves.ts';

const told = (...points: Record<string, number>[]): JobEvent[] =>
  points.map((metrics, number) => ({ kind: 'progress', number, at: number, metrics }));

test('the curves are of the newest phase: the back-test before it is another training', () => {
  const curves = trainingCurves(
    told(
      { epoch: 1, trainingLoss: 9, validationLoss: 9 },
      { epoch: 2, trainingLoss: 8, validationLoss: 8 },
      { epoch: 1, trainingLoss: 5, validationLoss: 6, skill: 0.1 },
      { epoch: 2, trainingLoss: 3, validationLoss: 4, skill: 0.3 },
    ),
  );
  expect(curves?.losses).toEqual([
    { name: 'trainingLoss', x: [1, 2], y: [5, 3] },
    { name: 'validationLoss', x: [1, 2], y: [6, 4] },
  ]);
  expect(curves?.rising).toEqual([{ name: 'skill', x: [1, 2], y: [0.1, 0.3] }]);
});

test('a detector learns by rows; what is no number is left out', () => {
  const curves = trainingCurves(told({ rows: 100, loss: 1, accuracy: NaN }, { rows: 200, loss: 0.5, accuracy: 0.9 }));
  expect(curves).toMatchObject({ steps: 'rows', rising: [{ name: 'accuracy', x: [200], y: [0.9] }] });
});

test('a training that has told nothing has no curve', () => {
  expect(trainingCurves([{ kind: 'log', number: 1, at: 1, level: 'info', message: 'read' }])).toBeUndefined();
});
