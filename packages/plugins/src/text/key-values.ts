/** Lines of a name and a number, as in /proc/meminfo (`MemTotal:  123 kB`) and /proc/vmstat (`pgfault 123`). */
export function parseKeyValues(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const name = line[space - 1] === ':' ? line.slice(0, space - 1) : line.slice(0, space);
    values.set(name, Number.parseInt(line.slice(space), 10));
  }
  return values;
}
