export interface Unit {
  /** As systemd spells it, escapes included: so it can be given to `systemctl`. */
  readonly name: string;
  readonly active: string;
}

/** Lines of `systemctl list-units --plain --no-legend --full`: unit, load, active, sub, description. */
export function parseUnits(text: string): Unit[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', load, active] = line.trim().split(/ +/u);
    return active === undefined || load === 'not-found' ? [] : [{ name, active }];
  });
}

/** Blocks of `systemctl show --property=Id,NRestarts`: the order of lines is systemd's own. */
export function parseRestarts(text: string): Map<string, number> {
  const restarts = new Map<string, number>();
  for (const block of text.split('\n\n')) {
    const name = /^Id=(.+)$/mu.exec(block)?.[1];
    const count = /^NRestarts=(\d+)$/mu.exec(block)?.[1];
    if (name !== undefined && count !== undefined) restarts.set(name, Number(count));
  }
  return restarts;
}
