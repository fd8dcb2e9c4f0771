import { expect, test } from 'vitest';
import { createNoise } from '../../stats/noise.ts';
import { createAdam } from './adam.ts';
import { createResidualNetwork, randomiseHidden, type ResidualNetwork } from './residual-network.ts';

function randomNetwork(blocks: number): ResidualNetwork {
  const network = createResidualNetwork({ inputs: 5, outputs: 3, width: 7, blocks });
  const noise = createNoise(7);
  for (let at = 0; at < network.weights.length; at++) network.weights[at] = 0.5 * noise();
  return network;
}

test.each([0, 1, 3])('with %i blocks the gradient is that of small differences', (blocks) => {
  const network = randomNetwork(blocks);
  const input = Float64Array.of(0.3, -1.2, 0.8, 2, -0.1);
  const weightOfOutput = Float64Array.of(1, -2, 0.5);
  const loss = (): number =>
    network.forward(input).reduce((sum, value, at) => sum + value * (weightOfOutput[at] ?? 0), 0);
  loss();
  const gradient = new Float64Array(network.weights.length);
  network.backward(weightOfOutput, gradient);
  const small = 1e-6;
  for (const [at, weight] of network.weights.entries()) {
    network.weights[at] = weight + small;
    const above = loss();
    network.weights[at] = weight - small;
    const below = loss();
    network.weights[at] = weight;
    expect(gradient[at]).toBeCloseTo((above - below) / (2 * small), 5);
  }
  expect(gradient.some((slope) => slope !== 0)).toBe(true);
});

test('an untrained network is what its direct weights say', () => {
  const network = createResidualNetwork({ inputs: 4, outputs: 2, width: 8, blocks: 2 });
  randomiseHidden(network, createNoise(1));
  network.weights[network.direct(0, 3)] = 1;
  network.weights[network.direct(1, 0)] = -2;
  expect([...network.forward(Float64Array.of(10, 20, 30, 40))]).toEqual([40, -20]);
});

test('it learns what no straight line can say', () => {
  const network = createResidualNetwork({ inputs: 2, outputs: 1, width: 12, blocks: 1 });
  randomiseHidden(network, createNoise(3));
  const step = createAdam(network.weights, { rate: 0.01, decay: 0 });
  const cases = [
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ].map(([a = 0, b = 0, truth = 0]) => ({ input: Float64Array.of(a, b), truth }));
  const errors = (): number[] => cases.map(({ input, truth }) => (network.forward(input)[0] ?? 0) - truth);
  for (let turn = 0; turn < 500; turn++) {
    const gradient = new Float64Array(network.weights.length);
    for (const { input, truth } of cases) {
      const error = (network.forward(input)[0] ?? 0) - truth;
      network.backward(Float64Array.of(2 * error), gradient);
    }
    step(gradient, 1);
  }
  for (const error of errors()) expect(Math.abs(error)).toBeLessThan(0.05);
});

test('weights are drawn to where they were at the start', () => {
  const weights = Float64Array.of(1, -2);
  const step = createAdam(weights, { rate: 0.1, decay: 0.5 });
  weights.set([3, -2]);
  step(new Float64Array(2), 1);
  expect([...weights]).toEqual([expect.closeTo(2.9), -2]);
});
