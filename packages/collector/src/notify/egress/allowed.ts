/** What the operator lets channels reach besides the public Internet. */
import { BlockList, isIP } from 'node:net';
import { carried4 } from './address.ts';

export interface Allowed {
  address(address: string): boolean;
  host(name: string): boolean;
}

/**
 * @param entries  networks `10.1.0.0/16`, addresses `10.1.2.3`, names `hooks.internal`, or `*.internal` for all below
 * @throws {RangeError} naming the entry that is none of these
 */
export function allowedFrom(entries: readonly string[]): Allowed {
  const addresses = new BlockList();
  const names = new Set<string>();
  const below: string[] = [];
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const version = isIP(address);
    if (version !== 0) {
      const bits = version === 4 ? 32 : 128;
      const length = prefix === undefined ? bits : /^\d{1,3}$/u.test(prefix) ? Number(prefix) : NaN;
      if (!(length <= bits)) throw new RangeError(`${entry}: expected a prefix from 0 to ${bits}`);
      addresses.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
    } else if (/^(?:\*\.)?[a-z\d](?:[\w-]*\.)*[\w-]*$/iu.test(entry) && entry.length <= 253) {
      if (entry.startsWith('*.')) below.push(entry.slice(1).toLowerCase());
      else names.add(entry.toLowerCase());
    } else {
      throw new RangeError(`${entry}: expected a network (10.1.0.0/16), an address, or a host's name`);
    }
  }
  return {
    address(address) {
      const four = carried4(address);
      if (four !== undefined && addresses.check(four, 'ipv4')) return true;
      const version = isIP(address);
      return version !== 0 && addresses.check(address, version === 4 ? 'ipv4' : 'ipv6');
    },
    host: (name) => names.has(name) || below.some((end) => name.endsWith(end)),
  };
}
