import { cpu } from './cpu/cpu.ts';
import { disk } from './disk/disk.ts';
import { diskio } from './diskio/diskio.ts';
import { load } from './load/load.ts';
import { memory } from './memory/memory.ts';
import { network } from './network/network.ts';
import type { Plugin } from './plugin.ts';
import { processes } from './processes/processes.ts';
import { system } from './system/system.ts';

/** The plugins that come with Tarsier. */
export const builtinPlugins: readonly Plugin[] = [cpu, memory, load, disk, diskio, network, system, processes];
