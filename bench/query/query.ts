/** `pnpm bench query [MINUTES] [SERVER]`: what a client waits for an answer; `pnpm bench query evaluator`. */
import { benchServers } from '../servers/all.ts';
import { benchEvaluator } from './evaluator.ts';
import { benchLatency } from './latency.ts';

const [what = '60', only = ''] = process.argv.slice(3);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (what === 'evaluator') await benchEvaluator(say);
else await benchLatency(benchServers(only), Number(what), say);
