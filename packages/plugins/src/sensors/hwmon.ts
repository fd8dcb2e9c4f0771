/** What chips tell under /sys/class/hwmon (kernel: Documentation/hwmon/sysfs-interface.rst). */
import type { Host } from '../host/host.ts';
import { cleanText, labelText } from '../text/label-text.ts';

type SensorKind = 'temperature' | 'fan' | 'voltage' | 'power' | 'current';

export interface Sensor {
  readonly kind: SensorKind;
  /** Below /sys. */
  readonly path: string;
  readonly labels: { readonly chip: string; readonly sensor: string };
  /** Of temperatures: what the maker calls critical, °C. */
  readonly critical?: number;
}

const kinds: Readonly<Record<string, readonly [kind: SensorKind, divisor: number]>> = {
  temp: ['temperature', 1_000],
  fan: ['fan', 1],
  in: ['voltage', 1_000],
  power: ['power', 1_000_000],
  curr: ['current', 1_000],
};

/** More than any machine has: a bound for what is not foreseen. */
const maxSensors = 200;

/** All sensors of the host; reading them is for later. Chips of one name are told apart by their devices. */
export async function findSensors(host: Host): Promise<Sensor[]> {
  const sensors: Sensor[] = [];
  const chips = host.listSys('class/hwmon').toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const taken = new Map<string, number>();
  for (const folder of chips) {
    const path = `class/hwmon/${folder}`;
    const files = host.listSys(path);
    const name = labelText((await host.readSysSlowly(`${path}/name`))?.trim() ?? folder);
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    const chip = count === 1 ? name : `${name}-${count}`;
    for (const file of files) {
      const [, input, type = ''] = /^((temp|fan|in|power|curr)\d+)_(?:input|average)$/u.exec(file) ?? [];
      const kind = kinds[type]?.[0];
      if (input === undefined || kind === undefined || sensors.length >= maxSensors) continue;
      // A power sensor may have both: the average is what the driver recommends.
      if (file.endsWith('_input') && files.includes(`${input}_average`)) continue;
      const label = labelText((await host.readSysSlowly(`${path}/${input}_label`))?.trim() ?? '');
      const critical =
        kind === 'temperature' ? scaled(type, await host.readSysSlowly(`${path}/${input}_crit`)) : Number.NaN;
      sensors.push({
        kind,
        path: `${path}/${file}`,
        labels: { chip, sensor: label === '' ? cleanText(input) : label },
        // Some chips say 0 or absurd values for "none".
        ...(critical > 0 && critical < 200 ? { critical } : {}),
      });
    }
  }
  return withoutTwins(sensors);
}

/** @returns NaN when it does not answer, or says what can't be */
export async function readSensor(host: Host, { path }: Sensor): Promise<number> {
  const type = /([a-z]+)\d+_[a-z]+$/u.exec(path)?.[1] ?? '';
  return scaled(type, await host.readSysSlowly(path));
}

function scaled(type: string, text: string | undefined): number {
  const value = Number.parseInt(text ?? '', 10) / (kinds[type]?.[1] ?? 1);
  // Sensors that are not connected: below absolute zero, or what no machine survives.
  return type === 'temp' && (value <= -100 || value >= 250) ? Number.NaN : value;
}

/** Two sensors of a chip may have the same label: then their inputs tell them apart. */
function withoutTwins(sensors: readonly Sensor[]): Sensor[] {
  const counts = new Map<string, number>();
  const key = ({ kind, labels: { chip, sensor } }: Sensor): string => `${kind} ${chip} ${sensor}`;
  for (const one of sensors) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  return sensors.map((one) => {
    if (counts.get(key(one)) === 1) return one;
    const input = /([a-z]+\d+)_[a-z]+$/u.exec(one.path)?.[1] ?? '';
    return { ...one, labels: { ...one.labels, sensor: `${one.labels.sensor} ${input}` } };
  });
}
