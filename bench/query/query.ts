/** `pnpm bench query`. */
import { benchEvaluator } from './evaluator.ts';

await benchEvaluator((line) => {
  process.stdout.write(`${line}\n`);
});
