export interface Mount {
  readonly device: string;
  readonly mount: string;
  readonly type: string;
  /** On purpose, or after an error: newer kernels then say `emergency_ro`, and still `rw` as well. */
  readonly isReadOnly: boolean;
}

/** /proc/self/mounts (proc(5)); spaces and such come as octal escapes there. The last mount at a place is the one seen. */
export function parseMounts(text: string): Mount[] {
  const byPlace = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [device, mount, type, options = ''] = line.split(' ');
    if (device === undefined || mount === undefined || type === undefined) continue;
    const isReadOnly = /(?:^|,)(?:emergency_)?ro(?:,|$)/u.test(options);
    byPlace.set(unescape(mount), { device: unescape(device), mount: unescape(mount), type, isReadOnly });
  }
  return [...byPlace.values()];
}

function unescape(field: string): string {
  // The bytes of a name that is UTF-8, as escapes and as they are.
  const latin1 = field.replaceAll(/\\([0-7]{3})/gu, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
