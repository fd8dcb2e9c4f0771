/** What is needed of `smartctl --json --all` (smartmontools 7): all of it may be absent, as devices differ. */
import { z } from 'zod';

const count = z.number().optional();

const answer = z.object({
  model_name: z.string().optional(),
  scsi_model_name: z.string().optional(),
  serial_number: z.string().optional(),
  firmware_version: z.string().optional(),
  smart_status: z.object({ passed: z.boolean().optional() }).optional(),
  temperature: z.object({ current: count }).optional(),
  power_on_time: z.object({ hours: count }).optional(),
  power_cycle_count: count,
  ata_smart_attributes: z
    .object({ table: z.array(z.object({ id: z.number(), raw: z.object({ value: z.number() }) })).default([]) })
    .optional(),
  nvme_smart_health_information_log: z
    .object({
      critical_warning: count,
      available_spare: count,
      percentage_used: count,
      data_units_read: count,
      data_units_written: count,
      media_errors: count,
      unsafe_shutdowns: count,
    })
    .optional(),
  scsi_grown_defect_list: count,
  smartctl: z
    .object({
      exit_status: z.number().default(0),
      messages: z.array(z.object({ string: z.string() })).default([]),
    })
    .optional(),
});

export interface DiskHealth {
  readonly labels: { readonly model: string; readonly serial: string; readonly firmware: string };
  /** Numbers by metric; NaN where the device does not tell. */
  readonly values: Readonly<Record<string, number>>;
  /** Why there is nothing: it sleeps, is gone, or may not be opened. */
  readonly failure?: string;
}

/** ATA attributes that foretell failures (Backblaze watches the same), by the metric that they become. */
const attributes: Readonly<Record<number, string>> = {
  5: 'smart_reallocated_sectors',
  187: 'smart_uncorrectable_errors_total',
  188: 'smart_command_timeouts_total',
  197: 'smart_pending_sectors',
  198: 'smart_offline_uncorrectable_sectors',
  199: 'smart_interface_errors_total',
};

/** NVMe counts in thousands of 512-byte sectors. */
const nvmeUnitBytes = 512_000;
/** Bits of smartctl's exit status that say that it could not look: wrong use, no device, a command that failed. */
const couldNotLook = 0b011;

/** @throws when it is not what smartctl says */
export function readAnswer(json: string): DiskHealth {
  const disk = answer.parse(JSON.parse(json));
  const labels = {
    model: disk.model_name ?? disk.scsi_model_name ?? '',
    serial: disk.serial_number ?? '',
    firmware: disk.firmware_version ?? '',
  };
  const failure = disk.smartctl?.messages.map(({ string }) => string).join('; ');
  if (((disk.smartctl?.exit_status ?? 0) & couldNotLook) !== 0)
    return { labels, values: {}, failure: failure === undefined || failure === '' ? 'no answer' : failure };
  const nvme = disk.nvme_smart_health_information_log;
  const ata = (disk.ata_smart_attributes?.table ?? []).flatMap(({ id, raw }): [string, number][] => {
    const metric = attributes[id];
    // 188 holds three counters of 16 bits; the lowest has all timeouts.
    return metric === undefined ? [] : [[metric, id === 188 ? raw.value % 65_536 : raw.value]];
  });
  return {
    labels,
    values: {
      smart_healthy: disk.smart_status?.passed === undefined ? Number.NaN : Number(disk.smart_status.passed),
      smart_temperature_celsius: disk.temperature?.current ?? Number.NaN,
      smart_power_on_seconds_total: (disk.power_on_time?.hours ?? Number.NaN) * 3600,
      smart_power_cycles_total: disk.power_cycle_count ?? Number.NaN,
      ...Object.fromEntries(ata),
      ...(disk.scsi_grown_defect_list === undefined ? {} : { smart_reallocated_sectors: disk.scsi_grown_defect_list }),
      smart_critical_warnings: nvme?.critical_warning ?? Number.NaN,
      smart_spare_ratio: (nvme?.available_spare ?? Number.NaN) / 100,
      // It goes on counting past 100 % of what the maker promises.
      smart_worn_ratio: Math.min(1, (nvme?.percentage_used ?? Number.NaN) / 100),
      smart_read_bytes_total: (nvme?.data_units_read ?? Number.NaN) * nvmeUnitBytes,
      smart_written_bytes_total: (nvme?.data_units_written ?? Number.NaN) * nvmeUnitBytes,
      smart_media_errors_total: nvme?.media_errors ?? Number.NaN,
      smart_unsafe_shutdowns_total: nvme?.unsafe_shutdowns ?? Number.NaN,
    },
  };
}

const scan = z.object({ devices: z.array(z.object({ name: z.string(), type: z.string() })).default([]) });

/** Devices that `smartctl --json --scan` finds. */
export function readScan(json: string): readonly { readonly name: string; readonly type: string }[] {
  return scan.parse(JSON.parse(json)).devices;
}
