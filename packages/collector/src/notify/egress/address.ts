/** Which addresses of the Internet are anybody's, and which lead into the network that the collector is in. */
import { BlockList, isIP } from 'node:net';

/** https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast. */
const special4 = listOf('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  // Carrier-grade NAT, and the metadata of some clouds.
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local: the metadata of most clouds is at 169.254.169.254.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
/** Of IPv6 only this is routed; https://www.iana.org/assignments/iana-ipv6-special-registry names what of it is not. */
const routed6 = listOf('ipv6', ['2000::/3']);
const special6 = listOf('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);
/** Addresses of IPv4 within IPv6: mapped, and translated (RFC 6052). */
const carries4 = listOf('ipv6', ['::ffff:0:0/96', '64:ff9b::/96']);

/** Whether an address, as a resolver or a URL gives it, is one that anybody can reach. */
export function isPublic(address: string): boolean {
  const bare = address.replace(/%.*$/u, '');
  switch (isIP(bare)) {
    case 4:
      return !special4.check(bare, 'ipv4');
    case 6: {
      const four = carried4(bare);
      if (four !== undefined) return !special4.check(four, 'ipv4');
      return routed6.check(bare, 'ipv6') && !special6.check(bare, 'ipv6');
    }
    default:
      return false;
  }
}

/** `::ffff:10.0.0.1` as `10.0.0.1`; undefined for what carries none. */
export function carried4(address: string): string | undefined {
  if (isIP(address) !== 6 || !carries4.check(address, 'ipv6')) return undefined;
  // A URL writes the last 32 bits as two groups of hex digits, whatever it was given.
  const written = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [high = 0, low = 0] = written
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

export function listOf(family: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
