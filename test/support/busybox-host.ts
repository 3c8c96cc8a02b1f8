import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { atFileEnd } from './file-end.js'
import { applets, busybox } from './scripts.js'

/** As root, or as a user who may play one. */
export const unshare = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--mount', '--map-root-user']

/** Whether a login can be given a root of its own here: tests that need it are skipped, and say so. */
export function canChangeRoot(): boolean {
  const [file = '', ...args] = unshare
  try {
    execFileSync(file, [...args, 'true'], { stdio: 'pipe' })
    return true
  } catch {
    process.stderr.write('SKIPPED: hosts that have busybox alone, because no root can be changed here (root can)\n')
    return false
  }
}

/** What an sshd_config says so that every login of the host finds busybox and nothing else, as on Alpine: no SFTP, either. */
export function busyboxAlone(): readonly string[] {
  const root = busyboxRoot()
  const enter = join(root, 'enter')
  const lines = [
    'set -- HOME=/root SHELL=/bin/sh PATH=/bin SSH_CONNECTION="$SSH_CONNECTION"',
    'for v in $(env | grep "^CLONEDEPLOY_TEST_"); do set -- "$@" "$v"; done',
    `${entering(root)} /bin/env -i "$@" /bin/sh -c "$SSH_ORIGINAL_COMMAND"`,
  ]
  writeFileSync(enter, `${lines.join('\n')}\n`)
  return [`ForceCommand exec ${unshare.join(' ')} sh ${enter}`]
}

/** A root with busybox, its applets and the libraries that it needs, if any; gone when the test file is over. */
export function busyboxRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'clonedeploy-busybox-'))
  atFileEnd(() => rmSync(root, { recursive: true, force: true }))
  for (const dir of ['bin', 'dev', 'proc', 'root', 'etc']) mkdirSync(join(root, dir))
  for (const name of applets()) symlinkSync('busybox', join(root, 'bin', name))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  bring(root, busybox)
  return root
}

/** A program of this machine, with its libraries, in a root. */
export function bring(root: string, program: string): void {
  copyFileSync(program, join(root, 'bin', basename(program)))
  for (const library of librariesOf(program)) {
    mkdirSync(join(root, dirname(library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
}

/** Shell text that becomes what is said after it, in that root. What hosts keep lies in the temp folder, the same on both sides. */
export function entering(root: string): string {
  return [
    'set -e',
    `F=${root}; T=${tmpdir()}; PATH=$PATH:/usr/sbin:/sbin`,
    'mount --rbind /dev "$F/dev"; mount -t proc proc "$F/proc"',
    'mkdir -p "$F$T"; mount --bind "$T" "$F$T"',
    'exec chroot "$F"',
  ].join('\n')
}

function librariesOf(program: string): readonly string[] {
  try {
    const text = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return [...text.matchAll(/(?:=> |^\s+)(\/\S+)/gm)].map(([, path = '']) => path)
  } catch {
    // It is linked statically.
    return []
  }
}
