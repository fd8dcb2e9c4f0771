import { nodeEnvironment, nodeFlags } from './node-flags.ts';

/** The service of a Linux host: a user that exists only while it runs, who may read what everybody may and write its state. */
export interface UnitOptions {
  /** Node.js, and the agent's script. */
  readonly executable: string;
  readonly script: string;
  /** Other settings than those that are found by themselves. */
  readonly config?: string | undefined;
  /** The board's number, which only root may read, for the service that has to know its machine. */
  readonly boardFile?: string | undefined;
}

export const unitName = 'tarsier-agent.service';

/**
 * Left open on purpose: other processes in /proc (they are what is measured), /home as read-only (its file systems are
 * measured), memory that is written and executed (JavaScript is compiled as it runs), and the network.
 */
export function systemdUnit({ executable, script, config, boardFile }: UnitOptions): string {
  const command = [executable, ...nodeFlags, script, 'run', ...(config === undefined ? [] : ['--config', config])];
  return `# Made by tarsier-agent install-service. Change it with: systemctl edit ${unitName}
[Unit]
Description=Tarsier agent: measures this host and ships to a collector
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
${Object.entries(nodeEnvironment)
  .map(([name, value]) => `Environment=${name}=${value}`)
  .join('\n')}
ExecStart=${command.map(quoted).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=5
# Settings that do not hold get no better by themselves.
RestartPreventExitStatus=2
TimeoutStopSec=10

User=tarsier-agent
DynamicUser=yes
StateDirectory=tarsier-agent
StateDirectoryMode=0700
UMask=0077
${boardFile === undefined ? '' : `LoadCredential=product_uuid:${boardFile}\n`}
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

MemoryMax=512M
TasksMax=256

[Install]
WantedBy=multi-user.target
`;
}

/** As systemd reads it: a word in quotes, with what it would replace doubled. */
function quoted(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w./=:@-]+$/u.test(word) ? word : `"${escaped}"`;
}
