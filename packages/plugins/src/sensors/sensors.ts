import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { labelText } from '../text/label-text.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { createEnergyMeter, type EnergyMeter } from './energy.ts';
import { findSensors, readSensor, type Sensor } from './hwmon.ts';

const metricOf = {
  temperature: 'sensors_temperature_celsius',
  fan: 'sensors_fan_rpm',
  voltage: 'sensors_voltage_volts',
  power: 'sensors_power_watts',
  current: 'sensors_current_amperes',
} as const;

/** Chips do not come and go while a host runs, but drivers may be loaded late. */
const findAgainMs = 10 * 60_000;

export const sensors = definePlugin({
  name: 'sensors',
  summary: 'Temperatures, fans, power and batteries.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    voltages: z.boolean().default(false).describe('Also voltages and currents: many, and seldom of interest.'),
  }),
  metrics: {
    sensors_temperature_celsius: { kind: 'gauge', unit: 'celsius', help: 'A temperature.' },
    sensors_temperature_critical_celsius: {
      kind: 'gauge',
      unit: 'celsius',
      help: 'Where its maker says it gets dangerous.',
    },
    sensors_fan_rpm: { kind: 'gauge', unit: 'rpm', help: 'Turns of a fan per minute.' },
    sensors_power_watts: { kind: 'gauge', unit: 'watts', help: 'Power that a chip measures.' },
    sensors_voltage_volts: { kind: 'gauge', unit: 'volts', help: 'A voltage.' },
    sensors_current_amperes: { kind: 'gauge', unit: 'amperes', help: 'A current.' },
    sensors_energy_joules_total: {
      kind: 'counter',
      unit: 'joules',
      help: 'Energy that a part of the processor has used; its rate is in watts.',
    },
    sensors_battery_charge_ratio: { kind: 'gauge', unit: 'ratio', help: 'How full a battery is.' },
    sensors_battery_health_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'What a full battery holds, as a share of what it held when new.',
    },
    sensors_battery_discharging: { kind: 'gauge', unit: '', help: 'Whether a battery is being emptied: 1 or 0.' },
    sensors_mains_online: { kind: 'gauge', unit: '', help: 'Whether power comes from the mains: 1 or 0.' },
  },
  probe({ host }) {
    const folders = ['class/hwmon', 'class/thermal', 'class/powercap', 'class/power_supply'];
    return folders.some((folder) => host.listSys(folder).some((name) => !name.startsWith('cooling_device')))
      ? undefined
      : 'no sensor, thermal zone or battery is known to the kernel, as on most virtual machines';
  },
  create({ config, host }) {
    let found: readonly Sensor[] = [];
    let energy: EnergyMeter | undefined;
    let foundAt = Number.NEGATIVE_INFINITY;
    return {
      async scrape(out) {
        if (host.now() - foundAt >= findAgainMs) {
          foundAt = host.now();
          found = (await findSensors(host)).filter(
            ({ kind }) => config.voltages || (kind !== 'voltage' && kind !== 'current'),
          );
          energy ??= createEnergyMeter(host);
        }
        for (const sensor of found) {
          out.gauge(metricOf[sensor.kind], await readSensor(host, sensor), sensor.labels);
          if (sensor.critical !== undefined)
            out.gauge('sensors_temperature_critical_celsius', sensor.critical, sensor.labels);
        }
        await putThermalZones(out, host);
        for (const [zone, joules] of energy?.read() ?? []) out.counter('sensors_energy_joules_total', joules, { zone });
        await putPowerSupplies(out, host);
      },
    };
  },
});

/** Kernel: Documentation/driver-api/thermal/sysfs-api.rst. */
async function putThermalZones(out: ScrapeOutput, host: Host): Promise<void> {
  for (const zone of host.listSys('class/thermal')) {
    if (!zone.startsWith('thermal_zone')) continue;
    const millidegrees = Number.parseInt((await host.readSysSlowly(`class/thermal/${zone}/temp`)) ?? '', 10);
    const type = labelText((await host.readSysSlowly(`class/thermal/${zone}/type`))?.trim() ?? '');
    // A zone that is switched off may tell of 0 or -274 degrees.
    if (millidegrees <= 0 || millidegrees >= 250_000) continue;
    out.gauge('sensors_temperature_celsius', millidegrees / 1000, { chip: zone, sensor: type });
  }
}

/** Kernel: Documentation/ABI/testing/sysfs-class-power. */
async function putPowerSupplies(out: ScrapeOutput, host: Host): Promise<void> {
  for (const name of host.listSys('class/power_supply')) {
    const text = (await host.readSysSlowly(`class/power_supply/${name}/uevent`)) ?? '';
    const fields = new Map(
      Array.from(text.matchAll(/^POWER_SUPPLY_(\w+)=(.*)$/gmu), ([, key = '', value = '']) => [key, value]),
    );
    const numberOf = (key: string): number => Number(fields.get(key) ?? Number.NaN);
    const type = (fields.get('TYPE') ?? (await host.readSysSlowly(`class/power_supply/${name}/type`)) ?? '').trim();
    const labels = { supply: labelText(name) };
    if (type === 'Mains') out.gauge('sensors_mains_online', numberOf('ONLINE'), labels);
    // Mice and headsets have batteries as well.
    if (type !== 'Battery' || (await host.readSysSlowly(`class/power_supply/${name}/scope`))?.trim() === 'Device')
      continue;
    out.gauge('sensors_battery_charge_ratio', roundRatio(numberOf('CAPACITY') / 100), labels);
    const full = fields.has('ENERGY_FULL') ? 'ENERGY_FULL' : 'CHARGE_FULL';
    out.gauge('sensors_battery_health_ratio', roundRatio(numberOf(full) / numberOf(`${full}_DESIGN`)), labels);
    out.gauge('sensors_battery_discharging', Number(fields.get('STATUS') === 'Discharging'), labels);
  }
}
