/** Which machine this is: hashes of what it says of itself, so that it is known again when its disk is not. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityKinds, type IdentityKind, type MachineIdentity } from '@tarsier/protocol/api';

export interface IdentityDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @returns undefined when it is not there or may not be read */
  readonly readFile?: (path: string) => string | undefined;
}

/** Numbers that makers of boards left as they were. */
const meaningless = new Set([
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '03000200-0400-0500-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
]);
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;
/** As EC2 gives them; as GCE and DigitalOcean do; as OpenStack and Azure do. Others may be the same for many. */
const instanceId = /^(?:i-[0-9a-f]{8,17}|\d{8,20}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/u;

/**
 * Empty on a machine that says nothing: it needs an {@link assignedIdentity}. `TARSIER_MACHINE_ID` says it for those
 * who know better, as a container's orchestrator does.
 */
export function machineIdentity({ environment, readFile = readIfThere }: IdentityDeps): MachineIdentity {
  const read = (path: string): string => (readFile(path) ?? '').replaceAll('\0', '').trim().toLowerCase();
  const matching = (shape: RegExp, ...paths: readonly string[]): string | undefined =>
    paths.map(read).find((value) => shape.test(value) && !meaningless.has(value));

  const given = environment['TARSIER_MACHINE_ID'];
  if (given !== undefined && given !== '') return { assigned: hashOf('assigned', given) };
  const credentials = environment['CREDENTIALS_DIRECTORY'];
  // A container sees the board of the machine below it, which it shares with all others there.
  const board = isContainer(environment, readFile)
    ? {}
    : {
        dmi:
          matching(
            uuid,
            '/sys/class/dmi/id/product_uuid',
            // Handed to a service that may not read it itself.
            ...(credentials === undefined ? [] : [join(credentials, 'product_uuid')]),
          ) ?? matching(/^[0-9a-f]{8,32}$/u, '/sys/firmware/devicetree/base/serial-number'),
        cloud: matching(instanceId, '/sys/class/dmi/id/board_asset_tag', '/var/lib/cloud/data/instance-id'),
      };
  const said = { ...board, machine: matching(/^[0-9a-f]{32}$/u, '/etc/machine-id', '/var/lib/dbus/machine-id') };
  return Object.fromEntries(
    Object.entries(said).flatMap(([kind, value]) => (value === undefined ? [] : [[kind, hashOf(kind, value)]])),
  );
}

/** For a machine that is to be told from its clones, or that says nothing of itself. */
export function assignedIdentity(): MachineIdentity {
  return { assigned: randomBytes(32).toString('hex') };
}

/**
 * What tells two machines apart, when they are two.
 *
 * @returns the surest kind that both have and that differs, undefined when they look the same
 */
export function differenceBetween(a: MachineIdentity, b: MachineIdentity): IdentityKind | undefined {
  const kind = identityKinds.find((one) => a[one] !== undefined && b[one] !== undefined);
  return kind !== undefined && a[kind] !== b[kind] ? kind : undefined;
}

function hashOf(kind: string, value: string): string {
  return createHash('sha256').update(`tarsier ${kind} ${value}`).digest('hex');
}

function isContainer(
  environment: IdentityDeps['environment'],
  readFile: (path: string) => string | undefined,
): boolean {
  return (
    environment['container'] !== undefined ||
    environment['KUBERNETES_SERVICE_HOST'] !== undefined ||
    ['/.dockerenv', '/run/.containerenv', '/run/systemd/container'].some((path) => readFile(path) !== undefined)
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
