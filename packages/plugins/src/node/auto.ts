/** Entry point for `node --import @tarsier/plugins/node-runtime/auto`: reports from the main thread of each process. */
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { reportRuntime } from './reporter.ts';

if (isMainThread) {
  const { TARSIER_APP, npm_package_name: packageName } = process.env;
  reportRuntime({ app: TARSIER_APP || packageName || basename(process.argv[1] ?? '') || 'node' });
}
