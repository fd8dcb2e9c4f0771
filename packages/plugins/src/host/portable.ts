/** Static facts, and all there is on platforms without /proc: through node-os-utils, loaded when first asked. */
import os from 'node:os';
import type { OSUtils } from 'node-os-utils';

export interface HostFacts {
  readonly os: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpuModel: string;
  readonly cores: number;
}

export interface Portable {
  /** What does not change while a host runs. */
  facts(): HostFacts;
  memory(): Promise<{ readonly totalBytes: number; readonly freeBytes: number; readonly availableBytes: number }>;
  disks(): Promise<
    readonly {
      readonly device: string;
      readonly mount: string;
      readonly totalBytes: number;
      readonly availableBytes: number;
      readonly usedBytes: number;
    }[]
  >;
  interfaces(): Promise<readonly InterfaceCounters[]>;
}

export interface InterfaceCounters {
  readonly name: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly receiveErrors: number;
  readonly sendErrors: number;
}

export function createPortable(): Portable {
  let loading: Promise<OSUtils> | undefined;
  const utils = (): Promise<OSUtils> => (loading ??= import('node-os-utils').then(({ OSUtils }) => new OSUtils()));

  return {
    facts() {
      const cores = os.cpus();
      return {
        os: os.platform(),
        kernel: os.release(),
        architecture: os.arch(),
        cpuModel: cores[0]?.model.trim() ?? '',
        cores: os.availableParallelism(),
      };
    },
    async memory() {
      const { total, free, available } = dataOf(await (await utils()).memory.info(), 'memory');
      return { totalBytes: total.toBytes(), freeBytes: free.toBytes(), availableBytes: available.toBytes() };
    },
    async disks() {
      const disks = dataOf(await (await utils()).disk.info(), 'disk');
      return disks.map(({ filesystem, mountpoint, total, used, available }) => ({
        device: filesystem,
        mount: mountpoint,
        totalBytes: total.toBytes(),
        usedBytes: used.toBytes(),
        availableBytes: available.toBytes(),
      }));
    },
    async interfaces() {
      const stats = dataOf(await (await utils()).network.statsAsync(), 'network');
      return stats.map((one) => ({
        name: one.interface,
        receivedBytes: one.rxBytes.toBytes(),
        sentBytes: one.txBytes.toBytes(),
        receivedPackets: one.rxPackets,
        sentPackets: one.txPackets,
        receiveErrors: one.rxErrors,
        sendErrors: one.txErrors,
      }));
    },
  };
}

function dataOf<T>(
  result: { readonly success: true; readonly data: T } | { readonly success: false; readonly error: Error },
  what: string,
): T {
  if (result.success) return result.data;
  throw new Error(`node-os-utils could not tell about ${what}`, { cause: result.error });
}
