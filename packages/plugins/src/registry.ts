import { api } from './api/api.ts';
import { cgroup } from './cgroup/cgroup.ts';
import { cpu } from './cpu/cpu.ts';
import { disk } from './disk/disk.ts';
import { diskio } from './diskio/diskio.ts';
import { dns } from './dns/dns.ts';
import { exec } from './exec/exec.ts';
import { execd } from './execd/execd.ts';
import { file } from './file/file.ts';
import { filesystem } from './filesystem/filesystem.ts';
import { http } from './http/http.ts';
import { json } from './json/json.ts';
import { llm } from './llm/llm.ts';
import { load } from './load/load.ts';
import { log } from './log/log.ts';
import { memory } from './memory/memory.ts';
import { netstat } from './netstat/netstat.ts';
import { network } from './network/network.ts';
import { node } from './node/node.ts';
import { nginx } from './nginx/nginx.ts';
import { otlp } from './otlp/otlp.ts';
import { ping } from './ping/ping.ts';
import type { Plugin } from './plugin.ts';
import { postgres } from './postgres/postgres.ts';
import { prometheus } from './prometheus/prometheus.ts';
import { processes } from './processes/processes.ts';
import { redis } from './redis/redis.ts';
import { sensors } from './sensors/sensors.ts';
import { smart } from './smart/smart.ts';
import { swap } from './swap/swap.ts';
import { statsd } from './statsd/statsd.ts';
import { system } from './system/system.ts';
import { systemd } from './systemd/systemd.ts';
import { tcp } from './tcp/tcp.ts';
import { timesync } from './timesync/timesync.ts';

/** The plugins that come with Tarsier. */
export const builtinPlugins: readonly Plugin[] = [
  cpu,
  memory,
  load,
  disk,
  diskio,
  network,
  system,
  processes,
  cgroup,
  netstat,
  systemd,
  sensors,
  filesystem,
  smart,
  swap,
  timesync,
  http,
  tcp,
  dns,
  ping,
  file,
  prometheus,
  log,
  exec,
  execd,
  redis,
  nginx,
  node,
  statsd,
  json,
  otlp,
  llm,
  api,
  postgres,
];
