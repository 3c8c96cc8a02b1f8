import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { account, user } from '../support/account.js'
import { installed } from '../support/installed.js'
import type { Place } from '../support/sshd.js'
import type { At, Kind } from './kind.js'

const me = userInfo().username

/** Its entry in the ssh_config, with lines of the user's. */
const entry = (...lines: readonly string[]) => ({ entry: (at: At) => [`Host odd${at.i}`, ...body(at, lines)] })
const body = (at: At, lines: readonly string[]) => [
  ...lines.map(line => line.replaceAll('DIR', at.dir).replaceAll('NUMBER', `${at.i}`)),
  'HostName 127.0.0.1',
  `Port ${at.port(at.i)}`,
  `IdentityFile ${at.dir}/client`,
  'IdentityAgent none',
  `UserKnownHostsFile ${at.dir}/known_hosts`,
  'GlobalKnownHostsFile /dev/null',
]

const keygen = (...args: readonly string[]) => execFileSync('ssh-keygen', ['-q', ...args], { stdio: 'pipe' })
const makeKey = (file: string) => keygen('-t', 'ed25519', '-N', '', '-f', file)
const keyIn = (file: string) => readFileSync(file, 'utf8').split(' ').slice(0, 2).join(' ')
/** A known_hosts file of its own. */
const known = (at: Place, line: string) => {
  const knownHosts = join(at.folder, 'known')
  writeFileSync(knownHosts, `${line}\n`)
  return { knownHosts }
}
const bySystem = "ssh: { transport: 'auto' }, the default, has the system's ssh do it"
const address = (at: At) => `[127.0.0.1]:${at.port(at.i)}`

/** How it is reached, and how it proves itself. */
export const connections: readonly Kind[] = [
  {
    name: 'ipv6',
    sshd: () => ['ListenAddress ::1'],
    host: at => ({
      ...{ host: '::1', port: at.port(at.i), identityFile: `${at.dir}/client` },
      ...known(at, `[::1]:${at.port(at.i)} ${keyIn(`${at.folder}/host_ed25519.pub`)}`),
    }),
  },
  { name: 'match-block', entry: at => [`Match originalhost odd${at.i} exec "test %p != 1"`, ...body(at, [])] },
  { name: 'proxy-command', ...entry('ProxyCommand busybox nc %h %p') },
  { name: 'control-master', ...entry('ControlMaster auto', 'ControlPath DIR/%C', 'ControlPersist 9') },
  { name: 'jump', ...entry('ProxyJump h1') },
  { name: 'two-jumps', ...entry('ProxyJump h1,h3') },
  { name: 'jump-as-another', world: at => account(at, {}), ...entry(`ProxyJump ${me}@h1`, `User ${user}`) },
  { name: 'compression', ...entry('Compression yes') },
  { name: 'send-env', sshd: () => ['AcceptEnv *'], ...entry('SendEnv *', 'SetEnv PATH=/nowhere HOME=/nowhere') },
  { name: 'remote-command', ...entry('RemoteCommand tmux', 'RequestTTY force') },
  { name: 'forwards', ...entry('LocalForward 1 localhost:1', 'DynamicForward 2', 'ExitOnForwardFailure yes') },
  ...['no', 'accept-new', 'ask'].map(value => ({
    name: `unknown-key-${value}`,
    ...entry(`StrictHostKeyChecking ${value}`),
    host: (at: At) => known(at, '# nobody'),
    refused: [
      'is not trusted: its host key is in no known_hosts file',
      'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub     must print the same',
      'clonedeploy trust',
    ],
  })),
  {
    name: 'changed-key',
    ...entry('StrictHostKeyChecking no'),
    host: at => known(at, `${address(at)} ${keyIn(`${at.dir}/h1/host_ed25519.pub`)}`),
    refused: ['HOST KEY CHANGED', 'This may be an attack', 'ssh-keygen -R'],
  },
  { name: 'rekeying', sshd: () => ['RekeyLimit 64K'] },
  { name: 'three-sessions', sshd: () => ['MaxSessions 3'] },
  { name: 'two-sessions', sshd: () => ['MaxSessions 2'] },
  { name: 'one-session', sshd: () => ['MaxSessions 1'], refused: ['allows fewer than 2 sessions', 'MaxSessions 10'] },
  { name: 'no-session', sshd: () => ['MaxSessions 0'], refused: ['refused to run a command', 'MaxSessions 10'] },
  { name: 'max-startups', sshd: () => ['MaxStartups 1:100:1'] },
  { name: 'no-forwarding', sshd: () => ['DisableForwarding yes'] },
  {
    name: 'user-certificate',
    sshd: at => {
      for (const file of ['ca', 'id']) makeKey(`${at.folder}/${file}`)
      keygen('-s', `${at.folder}/ca`, '-I', 'me', '-n', me, `${at.folder}/id.pub`)
      return [`TrustedUserCAKeys ${at.folder}/ca.pub`, 'AuthorizedKeysFile none']
    },
    host: at => ({ identityFile: `${at.folder}/id` }),
    refused: { builtin: ['refused the key', 'it is a certificate', bySystem] },
  },
  {
    name: 'host-certificate',
    sshd: at => {
      makeKey(`${at.folder}/ca`)
      keygen('-s', `${at.folder}/ca`, '-I', 'h', '-h', '-n', '127.0.0.1', `${at.folder}/host_ed25519.pub`)
      return [`HostCertificate ${at.folder}/host_ed25519-cert.pub`]
    },
    host: at => known(at, `@cert-authority * ${keyIn(`${at.folder}/ca.pub`)}`),
    refused: { builtin: ['is not trusted', 'authority', "transport: 'openssh'"] },
  },
  {
    name: 'chacha20',
    sshd: () => ['Ciphers chacha20-poly1305@openssh.com'],
    refused: { openssh: ['no matching cipher', "ssh: { transport: 'auto' }"] },
  },
  {
    name: 'tinysshd',
    needs: 'tinysshd',
    world: at => {
      const home = { '.ssh/authorized_keys': readFileSync(`${at.dir}/client.pub`, 'utf8') }
      const lines = [...account(at, { home }), `exec tinysshd -v '${at.folder}/keys'`]
      writeFileSync(`${at.folder}/enter`, lines.join('\n'))
      execFileSync(installed('tinysshd-makekey'), ['-q', `${at.folder}/keys`])
      return []
    },
    ...entry(`ProxyCommand unshare --mount sh DIR/hNUMBER/enter`),
    host: at => {
      const key = execFileSync(installed('tinysshd-printkey'), [`${at.folder}/keys`], { encoding: 'utf8' })
      return { user, ...known(at, `${address(at)} ${key.trim()}`) }
    },
    refused: { builtin: ['offers no better cipher than chacha20-poly1305'], openssh: ['no matching cipher'] },
  },
  { name: 'same-machine', host: () => ({ host: 'h1' }) },
  { name: 'cbc', sshd: () => ['Ciphers aes256-cbc'], refused: ['no matching cipher', 'aes256-cbc'] },
  { name: 'sha1-mac', sshd: () => ['Ciphers aes128-ctr', 'MACs hmac-sha1'], refused: ['no matching MAC', 'hmac-sha1'] },
  {
    name: 'sha1-exchange',
    sshd: () => ['KexAlgorithms diffie-hellman-group14-sha1'],
    refused: ['no matching key exchange', 'diffie-hellman-group14-sha1'],
  },
  {
    name: 'post-quantum',
    sshd: () => ['KexAlgorithms sntrup761x25519-sha512@openssh.com'],
    refused: { builtin: ['no matching key exchange', bySystem] },
  },
]
