import { z } from 'zod';
import { wildcard } from '../host/files.ts';
import { cleanText } from '../text/label-text.ts';
import { definePlugin } from '../plugin.ts';
import { parseRestarts, parseUnits } from './units.ts';

/** `ActiveState` of systemd. */
const states = ['active', 'reloading', 'inactive', 'failed', 'activating', 'deactivating', 'maintenance'] as const;

const runOptions = { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' }, timeoutMs: 8_000, maxOutputBytes: 4 << 20 };

export const systemd = definePlugin({
  name: 'systemd',
  summary: 'Units of systemd: states, failures, restarts.',
  intervalMs: 30_000,
  background: true,
  config: z.object({
    units: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Units that always have series, as `nginx.service` or `backup-*.timer`; `*` stands for any characters.',
      ),
    restarts: z.boolean().default(true).describe('Also how often services were restarted, which takes a second call.'),
    maxUnits: z.int().min(1).max(400).default(100).describe('At most so many units have series of their own.'),
  }),
  metrics: {
    systemd_units: { kind: 'gauge', unit: '', help: 'Units that are loaded, by state.' },
    systemd_unit_active: { kind: 'gauge', unit: '', help: 'Whether a unit of the settings is active: 1 or 0.' },
    systemd_unit_failed: {
      kind: 'gauge',
      unit: '',
      help: 'Whether a unit is failed: 1 or 0; of units that are or were, or are in the settings.',
    },
    systemd_unit_restarts_total: {
      kind: 'counter',
      unit: '',
      help: 'Times that systemd restarted a service by itself; of services that were, or are in the settings.',
    },
  },
  async probe({ host }) {
    return (await host.files.stat('/run/systemd/system')) === undefined ? 'systemd does not run this host' : undefined;
  },
  create({ config, host, warn }) {
    const patterns = config.units.map(wildcard);
    const wanted = (name: string): boolean => patterns.some((fits) => fits(name));
    /** Units with series: once one has some, it keeps them. */
    const shown = new Set<string>();
    let warned = false;

    function show(name: string): boolean {
      if (shown.has(name)) return true;
      if (shown.size < config.maxUnits) {
        shown.add(name);
        return true;
      }
      if (!warned) warn(`${name} has no series of its own: maxUnits (${config.maxUnits}) have some already`);
      warned = true;
      return false;
    }

    async function systemctl(args: readonly string[], signal: AbortSignal): Promise<string> {
      const { exitCode, stdout, stderr } = await host.run('systemctl', args, { ...runOptions, signal });
      if (exitCode === 0) return stdout;
      throw new Error(
        `systemctl ${args[0] ?? ''} ended with ${exitCode ?? 'a signal'}: ${stderr.trim().slice(0, 200)}`,
      );
    }

    return {
      async scrape(out, signal) {
        const list = await systemctl(['list-units', '--all', '--plain', '--no-legend', '--full', '--no-pager'], signal);
        const units = parseUnits(list);
        const counts = new Map<string, number>();
        const active = new Map<string, string>();
        for (const unit of units) {
          counts.set(unit.active, (counts.get(unit.active) ?? 0) + 1);
          active.set(unit.name, unit.active);
        }
        for (const state of states) out.gauge('systemd_units', counts.get(state) ?? 0, { state });
        for (const { name, active: state } of units) {
          const labels = { unit: cleanText(name) };
          if ((state !== 'failed' && !wanted(name) && !shown.has(name)) || !show(name)) continue;
          out.gauge('systemd_unit_failed', Number(state === 'failed'), labels);
          if (wanted(name)) out.gauge('systemd_unit_active', Number(state === 'active'), labels);
        }
        // One that was unloaded since, as after it had failed and was reset.
        for (const name of shown) if (!active.has(name)) out.gauge('systemd_unit_failed', 0, { unit: cleanText(name) });
        // An absent unit of the settings is not active; only a name without wildcard can be told to be absent.
        for (const name of config.units) {
          if (name.includes('*') || active.has(name) || !show(name)) continue;
          out.gauge('systemd_unit_active', 0, { unit: cleanText(name) });
        }
        if (!config.restarts) return;
        const told = parseRestarts(
          await systemctl(['show', '--no-pager', '--property=Id,NRestarts', '*.service'], signal),
        );
        for (const [name, restarts] of told) {
          if ((restarts > 0 || wanted(name)) && show(name))
            out.counter('systemd_unit_restarts_total', restarts, { unit: cleanText(name) });
        }
      },
    };
  },
});
