export interface EmbeddedHost {
  /** `web-1`, `web-2`, … */
  readonly name: string
  readonly port: number
  /** Home of the login; the whole world of the host lies below it. */
  readonly home: string
  /** `SHA256:…` */
  readonly hostKey: string
  /** Where the app on it listens: `APP_PORT` of every command. */
  readonly appPort: number
}

/** Text of a known_hosts file. The hosts are named by alias, so it stays true when their ports change. */
export function knownHostsText(keys: ReadonlyMap<string, string>): string {
  return [...keys].map(([name, publicLine]) => `${name} ${publicLine}\n`).join('')
}

/** Text of an ssh_config with which `ssh -F FILE web-1` works. */
export function sshConfigText(
  hosts: readonly EmbeddedHost[],
  files: { readonly login: string; readonly identityFile: string; readonly knownHostsFile: string },
): string {
  return hosts.map(host => stanza(host, files)).join('\n')
}

function stanza(host: EmbeddedHost, files: Parameters<typeof sshConfigText>[1]): string {
  return `Host ${host.name}
  HostName 127.0.0.1
  Port ${host.port}
  User ${files.login}
  IdentityFile ${quoted(files.identityFile)}
  IdentitiesOnly yes
  IdentityAgent none
  HostKeyAlias ${host.name}
  UserKnownHostsFile ${quoted(files.knownHostsFile)}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
`
}

function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`
}
