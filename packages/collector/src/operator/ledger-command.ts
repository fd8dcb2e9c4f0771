/** `tarsier-collector ledger`: what became of each sample of a host, for a person, and whether it adds up. */
import { TarsierError } from '@tarsier/protocol';
import type { LedgerHour } from '@tarsier/protocol/api';
import { balance, type Balance } from '../ingest/ledger/balance.ts';
import { hourMs } from '../storage/hours.ts';
import { minuteText, textTable } from '../text-table.ts';
import type { OperatorCommand } from './operator-commands.ts';

/** As long as rows are kept. */
const mostHours = 35 * 24;

/** @throws {TarsierError} `usage/…` */
export const ledgerCommand: OperatorCommand = async (
  { host, hours = '24', json, tenant: tenantName = 'default' },
  { storage, now },
) => {
  const tenant = await storage.tenants.find(String(tenantName));
  if (tenant === undefined)
    throw new TarsierError('usage/tenant', `--tenant: no tenant is named ${String(tenantName)}`);
  const count = /^\d{1,4}$/u.test(String(hours)) ? Number(hours) : 0;
  if (count < 1 || count > mostHours)
    throw new TarsierError('usage/hours', `--hours: expected a number from 1 to ${mostHours}, got ${String(hours)}`);
  const from = Math.floor(now() / hourMs) - count + 1;
  const hosts = host === undefined ? (await storage.hosts.list(tenant)).map((one) => one.host) : [String(host)];
  const all: { readonly host: string; readonly ledger: Balance }[] = [];
  for (const name of hosts) {
    const rows = await storage.ledger.list(tenant, name, from);
    if (rows === undefined)
      throw new TarsierError('usage/host', `--host: there is no host ${name} in tenant ${tenant.tenant}`);
    all.push({ host: name, ledger: balance(rows) });
  }
  const ok = all.every(({ ledger }) => ledger.state !== 'fault');
  if (json === true)
    return { text: `${JSON.stringify(all.map(({ host: name, ledger }) => ({ host: name, ...ledger })))}\n`, ok };
  return { text: all.map(({ host: name, ledger }) => inWords(name, ledger)).join('\n'), ok };
};

const head = ['HOUR (UTC)', 'TAKEN', 'STORED', 'DROPPED', 'WAITING', 'STATE'];
/** Of these, the columns of numbers. */
const numbers = [1, 2, 3, 4];

function inWords(host: string, { state, through, hours }: Balance): string {
  if (hours.length === 0) return `${host}: nothing was taken or stored\n`;
  const rows = hours.map((hour) => [
    minuteText(hour.hour),
    String(hour.taken),
    String(hour.stored),
    String(droppedOf(hour)),
    String(hour.waiting),
    hour.state,
  ]);
  const table = textTable([head, ...rows], { indent: '  ', numbers });
  const told =
    through === undefined ? 'no agent has told of it' : `told by its agents until ${minuteText(through)} UTC`;
  const notes = hours.flatMap((hour) => notesOf(hour)).map((note) => `  ${note}\n`);
  return `${host}: ${state}; ${told}. Samples:\n${table}${notes.join('')}`;
}

function notesOf({ hour, why, dropped, crashes }: LedgerHour): readonly string[] {
  const at = minuteText(hour);
  return [
    ...(why === undefined ? [] : [`${at} FAULT: ${why}`]),
    ...Object.entries(dropped).map(([reason, samples]) => `${at} dropped ${samples}: ${reason}`),
    ...(crashes === 0
      ? []
      : [
          `${at} the agent was killed ${crashes} time${crashes === 1 ? '' : 's'}: what it was gathering then was not taken`,
        ]),
  ];
}

function droppedOf({ dropped }: LedgerHour): number {
  return Object.values(dropped).reduce((sum, samples) => sum + samples, 0);
}
