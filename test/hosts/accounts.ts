import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Account, account, user } from '../support/account.js'
import { busyboxRoot } from '../support/busybox-host.js'
import type { Place } from '../support/sshd.js'
import type { Kind } from './kind.js'

const noise = 'echo Welcome to this machine; echo no trespassing >&2\n'
/** Login shells, and a file that each reads when sshd starts it. */
const shells = [
  ['bash', '/bin/bash', '.bashrc', noise],
  ['dash', '/bin/dash', '.profile', noise],
  ['zsh', '/bin/zsh', '.zshenv', noise],
  ['fish', '/usr/bin/fish', '.config/fish/config.fish', noise],
  ['tcsh', '/bin/tcsh', '.tcshrc', 'echo Welcome to this machine; sh -c "echo no trespassing >&2"\n'],
] as const

/** A user of its own, with that account. */
const as = (of: Account) => ({
  world: (at: Place) => account(at, of),
  // Bash reads no start-up files where it finds SHLVL=2, which the test fleet says.
  environment: ['SHLVL=0'],
  host: () => ({ user }),
})
/** One whose bash starts with these lines. */
const starting = (text: string) => as({ shell: '/bin/bash', home: { '.bashrc': text } })

/** Lets the client in by a line with these options. */
const authorized = (at: Place, options: string) => {
  const file = join(at.folder, 'authorized_keys')
  writeFileSync(file, `${options} ${readFileSync(join(at.dir, 'client.pub'), 'utf8')}`)
  return [`AuthorizedKeysFile ${file}`]
}

const noScripts = ['let us in but runs no scripts', 'clonedeploy needs a login with a shell']
const refusedKey = ['refused the key', 'must log in without a question']

/** Who logs in, how, and what answers. */
export const accounts: readonly Kind[] = [
  ...shells.map(([needs, shell, file, text]) => ({ name: needs, needs, ...as({ shell, home: { [file]: text } }) })),
  { name: 'slow-shell', ...starting('sleep 2\n') },
  { name: 'failing-start-up', ...starting('nonsense\nfalse\n') },
  { name: 'strict-start-up', ...starting('set -eu\n') },
  { name: 'umask-077', ...starting('umask 077\n') },
  { name: 'umask-000', ...starting('umask 0\n') },
  { name: 'aliases', ...starting('alias tar=false\nsh() { false; }\nexport -f sh\n') },
  { name: 'ending-start-up', ...starting('echo Bye.; exit 3\n'), refused: [...noScripts, 'it printed  Bye.'] },
  { name: 'another-shell', ...starting('exec sh\n'), refused: noScripts },
  { name: 'restricted-shell', ...as({ shell: '/bin/rbash' }), refused: noScripts },
  {
    name: 'nologin',
    ...as({ shell: '/usr/sbin/nologin' }),
    refused: [...noScripts, 'it printed  This account is currently not available.'],
  },
  { name: 'shell-of-false', ...as({ shell: '/bin/false' }), refused: noScripts },
  { name: 'shell-that-is-gone', ...as({ shell: '/bin/gone' }), refused: refusedKey },
  { name: 'no-home', ...as({ home: null }) },
  {
    name: 'read-only-home',
    world: at => [...account(at, {}), `chown root '${at.folder}/home'`],
    host: () => ({ user }),
  },
  {
    name: 'etc-nologin',
    world: at => {
      const file = join(at.folder, 'nologin')
      writeFileSync(file, 'Down until noon.\n')
      return [
        ...account(at, {}),
        `cp -a /etc '${at.folder}/etc'; cp '${file}' '${at.folder}/etc/nologin'`,
        `mount --bind '${at.folder}/etc' /etc`,
      ]
    },
    host: () => ({ user }),
    refused: [...noScripts, 'it printed  Down until noon.'],
  },
  { name: 'own-command', sshd: () => ['ForceCommand sh -c "$SSH_ORIGINAL_COMMAND"'] },
  {
    name: 'other-command',
    sshd: () => ['ForceCommand echo Backups only.'],
    refused: [...noScripts, 'it printed  Backups only.'],
  },
  {
    name: 'key-with-command',
    sshd: at => authorized(at, 'command="echo Backups only."'),
    refused: [...noScripts, 'it printed  Backups only.'],
  },
  { name: 'restricted-key', sshd: at => authorized(at, 'restrict') },
  { name: 'expired-key', sshd: at => authorized(at, 'expiry-time="20200101"'), refused: refusedKey },
  { name: 'key-from-elsewhere', sshd: at => authorized(at, 'from="192.0.2.1"'), refused: refusedKey },
  {
    name: 'chroot',
    world: at => {
      const root = busyboxRoot()
      return [
        ...account(at, {}),
        `mount --bind '${root}' /mnt; chmod 755 /mnt; mount --rbind /dev /mnt/dev; mount -t proc proc /mnt/proc`,
        `mkdir /mnt/srv; chown ${user} /mnt/srv`,
      ]
    },
    sshd: () => ['ChrootDirectory /mnt'],
    host: at => ({ user, deployTo: `/srv/${basename(at.deployTo)}` }),
  },
  { name: 'sftp-only', sshd: () => ['ForceCommand internal-sftp'], refused: noScripts },
  { name: 'sftp-chroot', sshd: () => ['ForceCommand internal-sftp', 'ChrootDirectory /usr'], refused: noScripts },
  { name: 'no-sftp', sshd: () => ['Subsystem none /bin/false'] },
  {
    name: 'password-only',
    sshd: () => ['AuthenticationMethods password', 'PasswordAuthentication yes'],
    refused: ['lets nobody in by a key alone: it asks for password', 'must log in without a question'],
  },
  {
    name: 'questions-only',
    sshd: () => ['AuthenticationMethods keyboard-interactive', 'KbdInteractiveAuthentication yes', 'UsePAM yes'],
    refused: ['lets nobody in by a key alone: it asks for keyboard-interactive', 'must log in without a question'],
  },
  {
    name: 'second-factor',
    sshd: () => ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes'],
    refused: ['took the key and asks for a second factor'],
  },
  {
    name: 'no-root',
    sshd: () => ['PermitRootLogin no'],
    refused: ['knows the key, and does not let root log in', 'PermitRootLogin'],
  },
  { name: 'no-terminal', sshd: () => ['PermitTTY no'] },
  {
    name: 'banner',
    sshd: at => {
      writeFileSync(join(at.folder, 'banner'), 'Authorized use only.\n\x1b[31m'.repeat(50))
      return [`Banner ${at.folder}/banner`, 'PrintMotd yes']
    },
  },
  { name: 'sshrc', ...as({ home: { '.ssh/rc': 'echo Welcome from rc\n' } }) },
]
