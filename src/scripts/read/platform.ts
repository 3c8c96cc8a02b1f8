import { type ShellText, sh } from '../shell/shell.js'

export type Libc = 'glibc' | 'musl'

/** What a host runs, as it says itself. */
export interface Platform {
  /** As `uname -s` says it. */
  readonly system: string
  /** By one name for each, whatever `uname -m` calls it. */
  readonly machine: string
  /** For which machines it has the loader of which libc; empty: they are not where they are looked for. */
  readonly loaders: readonly Loader[]
}

export interface Loader {
  readonly machine: string
  readonly libc: Libc
}

/** For `inspect`: lines `platform SYSTEM MACHINE`, and `loader FILE` for each that is there. */
export const platformLines: ShellText = sh`printf 'platform '; uname -sm 2>/dev/null || echo
for l in /lib/ld-linux*.so.? /lib64/ld-linux*.so.? /lib/ld64.so.? /lib64/ld64.so.? /lib/ld-musl-*.so.1; do [ ! -e "$l" ] || echo "loader \${l##*/}"; done`

const mostLoaders = 20

/** What these lines say; null where the host does not tell. */
export function parsePlatform(line: string, loaders: readonly string[]): Platform | null {
  const [, system, machine] = /^([\w.-]{1,30}) ([\w.-]{1,30})$/.exec(line.trim()) ?? []
  if (system === undefined || machine === undefined) return null
  const found = loaders.slice(0, mostLoaders).flatMap(file => loaderOf(file) ?? [])
  return { system, machine: machineOf(machine), loaders: found }
}

/** One name for what `uname -m` calls a machine, and what files are built for. */
function machineOf(uname: string): string {
  if (/^(x86_64|amd64)$/.test(uname)) return 'x86_64'
  if (/^i[3-6]86$/.test(uname)) return 'x86'
  if (/^(aarch64|arm64)$/.test(uname)) return 'aarch64'
  return uname.startsWith('arm') ? 'arm' : uname
}

/** The machine and the libc of a loader, by the name of its file; null: it is none that is known. */
function loaderOf(file: string): Loader | null {
  const musl = /^ld-musl-([a-z0-9_]+?)(?:hf|-sf)?\.so\.1$/.exec(file)?.[1]
  if (musl !== undefined) return { machine: musl === 'powerpc64le' ? 'ppc64le' : machineOf(musl), libc: 'musl' }
  const machine = glibcLoaders.find(([name]) => name.test(file))?.[1]
  return machine === undefined ? null : { machine, libc: 'glibc' }
}

const glibcLoaders: readonly (readonly [RegExp, string])[] = [
  [/^ld-linux-x86-64\.so\.2$/, 'x86_64'],
  [/^ld-linux\.so\.2$/, 'x86'],
  [/^ld-linux-aarch64\.so\.1$/, 'aarch64'],
  [/^ld-linux(-armhf)?\.so\.3$/, 'arm'],
  [/^ld-linux-riscv64-lp64d?\.so\.1$/, 'riscv64'],
  [/^ld-linux-loongarch-lp64d\.so\.1$/, 'loongarch64'],
  [/^ld64\.so\.2$/, 'ppc64le'],
  [/^ld64\.so\.1$/, 's390x'],
]
