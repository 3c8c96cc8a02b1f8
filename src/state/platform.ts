import type { Libc, Platform } from '../scripts/read/platform.js'
import { byWhat, counted } from '../text/phrases.js'
import type { HostState } from './host-state.js'
import type { Problem } from './preflight.js'

/** What a program or library in a release was built for. */
export interface Binary {
  readonly path: string
  readonly system: 'Linux' | 'Darwin'
  /** More than one in a universal file of macOS. */
  readonly machines: readonly string[]
  /** Null: it needs none, or does not say. */
  readonly libc: Libc | null
}

/** What stops a deploy to hosts that could not run a file of it, for which nothing else stands in. */
export function platformProblems(
  states: readonly HostState[],
  binaries: readonly Binary[],
  wrong: 'fail' | 'ignore',
): readonly Problem[] {
  if (wrong === 'ignore' || binaries.length === 0) return []
  const families = [...byFamily(binaries).values()]
  return states.flatMap(({ name, platform }) => {
    const unfit = platform === null ? [] : families.filter(family => !family.some(one => fits(one, platform)))
    const [first] = unfit.flat()
    if (first === undefined || platform === null) return []
    const more = unfit.length === 1 ? '' : `, and ${counted(unfit.length - 1, 'more file')} like it`
    const text = `cannot run ${first.path}, which is built for ${builtFor(first)}${more}: this host is ${platformText(platform)}`
    return [{ host: name, text, fix: cure }]
  })
}

const cure =
  'install and build for the hosts (in "prepare", or on a machine like them); what is not needed there goes into .deployignore; known better: platform: \'ignore\''

/** Whether a host runs a file: its kernel may run more than its own machine's, by loaders of that. */
function fits({ system, machines, libc }: Binary, host: Platform): boolean {
  if (system !== host.system) return false
  return machines.some(machine => {
    const has = host.loaders.filter(loader => loader.machine === machine)
    const runs = machine === host.machine || has.length > 0 || (machine === 'x86' && host.machine === 'x86_64')
    const isKnown = libc !== null && host.loaders.length > 0
    return runs && (!isKnown || has.some(loader => loader.libc === libc))
  })
}

/**
 * Files of which a program takes the one for its platform, as packages ship them for many: those whose paths are the same
 * but for the words that name a platform.
 */
function byFamily(binaries: readonly Binary[]): ReadonlyMap<string, readonly Binary[]> {
  const families = new Map<string, Binary[]>()
  for (const binary of binaries) {
    const words = binary.path.toLowerCase().split(/[/._+@-]+/)
    const key = words.filter(word => !platformWords.has(word)).join('/')
    families.set(key, [...(families.get(key) ?? []), binary])
  }
  return families
}

const platformWords = new Set(
  [
    'linux linux32 linux64 darwin macos macosx osx mac apple win32 win64 windows android freebsd openbsd netbsd sunos unknown pc',
    'x64 x86 x86 64 amd64 ia32 i386 i486 i586 i686 x32 arm arm64 aarch64 armhf armv5 armv6 armv6l armv7 armv7l armv7a armv8',
    'ppc ppc64 ppc64le powerpc64le s390x riscv64 riscv64gc loong64 loongarch64 mips mipsel mips64el universal universal2 32 v8',
    'glibc gnu musl gnueabihf musleabihf gnueabi musleabi eabi eabihf libc linuxmusl manylinux so dylib',
  ].flatMap(words => words.split(' ')),
)

/** What is to be said of hosts that differ from each other: clones run the same. */
export function unlikeTexts(states: readonly HostState[]): readonly string[] {
  const parts = byWhat(
    states.flatMap(({ name, platform }) => (platform === null ? [] : [[name, platformText(platform)]])),
  )
  return parts.length < 2 ? [] : [`the hosts are not alike: ${parts.join('; ')}`]
}

/** `Linux x86_64 with glibc` */
export function platformText(platform: Platform): string {
  const libc = libcOf(platform)
  return `${platform.system} ${platform.machine}${libc === null ? '' : ` with ${libc}`}`
}

/** That of its own machine; null where none is found, or more than one. */
export function libcOf({ machine, loaders }: Platform): Libc | null {
  const own = new Set(loaders.filter(loader => loader.machine === machine).map(({ libc }) => libc))
  return own.size === 1 ? ([...own][0] as Libc) : null
}

function builtFor({ system, machines, libc }: Binary): string {
  const name = system === 'Darwin' ? 'macOS' : system
  return `${name} ${machines.join(' and ')}${libc === null ? '' : ` with ${libc}`}`
}
