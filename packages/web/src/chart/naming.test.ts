import { expect, test } from 'vitest';
import { seriesNames } from './naming.ts';

const cases = [
  {
    name: 'modes of one metric are called by their mode',
    series: [
      { name: 'cpu_usage_ratio', labels: { host: 'a', cpu: 'all', mode: 'user' } },
      { name: 'cpu_usage_ratio', labels: { host: 'a', cpu: 'all', mode: 'system' } },
    ],
    names: ['user', 'system'],
  },
  {
    name: 'metrics of one family are called by what differs',
    series: [
      { name: 'memory_used_bytes', labels: { host: 'a' } },
      { name: 'memory_available_bytes', labels: { host: 'a' } },
    ],
    names: ['used', 'available'],
  },
  {
    name: 'devices and directions are both in the name',
    series: [
      { name: 'network_received_bytes_total', labels: { host: 'a', interface: 'eth0' } },
      { name: 'network_sent_bytes_total', labels: { host: 'a', interface: 'eth1' } },
      { name: 'network_received_bytes_total', labels: { host: 'a', interface: 'eth1' } },
      { name: 'network_sent_bytes_total', labels: { host: 'a', interface: 'eth0' } },
    ],
    names: ['eth0 received', 'eth1 sent', 'eth1 received', 'eth0 sent'],
  },
  {
    name: 'of two labels that say the same, one is enough',
    series: [
      { name: 'disk_used_ratio', labels: { mount: '/', device: '/dev/sda1' } },
      { name: 'disk_used_ratio', labels: { mount: '/var', device: '/dev/sdb1' } },
    ],
    names: ['/dev/sda1', '/dev/sdb1'],
  },
  {
    name: 'one series is called by its metric',
    series: [{ name: 'load_average', labels: { window: '1m' } }],
    names: ['load average'],
  },
];

test.each(cases)('$name', ({ series, names }) => expect(seriesNames(series)).toEqual(names));
