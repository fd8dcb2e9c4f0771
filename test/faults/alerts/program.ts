/**
 * A collector that ends itself, as a power cut would, at one point of an alert's way. It is loaded, and starts when
 * kills.ts tells it where to end: so that one is loaded while another lives.
 */
import '../../../packages/collector/src/quick-imports.ts';
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import type { FaultPoint } from '../../../packages/collector/src/collector.ts';
import { loadConfig } from '../../../packages/collector/src/config.ts';
import { createLog } from '../../../packages/collector/src/log.ts';

const { startCollector } = await import('../../../packages/collector/src/collector.ts');

export interface Fault {
  readonly point: FaultPoint;
  /** Counts only where something is told for this reason; where anything is, or nothing, unless given. */
  readonly reason?: string;
  /** How often it is passed before. */
  readonly after: number;
}

const line = await new Promise<string>((resolve) => {
  createInterface({ input: process.stdin }).once('line', resolve);
});
// As kills.ts writes it.
const fault = JSON.parse(line) as Fault | null;
let passed = 0;

const { url } = await startCollector({
  config: loadConfig(process.env),
  log: createLog({ level: 'warn', write: (line) => process.stderr.write(`${line}\n`) }),
  version: 'killed',
  processUsage: () => ({ cpuSeconds: 0, residentBytes: 0 }),
  faultPoint(point, reasons) {
    if (fault?.point !== point || (fault.reason !== undefined && !reasons.includes(fault.reason))) return;
    if (passed++ === fault.after) process.kill(process.pid, 'SIGKILL');
  },
});
// One that is killed would not keep it for the next.
flushCompileCache();
process.stdout.write(`${JSON.stringify({ ready: url })}\n`);
