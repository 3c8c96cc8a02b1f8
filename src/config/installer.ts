/** A command that installs exactly what its lock file names, so that it is known which files decide what it makes. */
export interface Installer {
  readonly tool: 'npm' | 'pnpm' | 'yarn' | 'bun'
  /** Whether it runs the scripts that packages of the project have for an install. */
  readonly scripts: boolean
}

/** The installer that a command is, and nothing else beside it; null: it is none, or none that keeps to its lock file. */
export function installerOf(command: string): Installer | null {
  const [tool = '', ...rest] = command.trim().split(/\s+/)
  const isPlain = rest.every(word => /^[\w./:@=+-]+$/.test(word))
  const flags = rest.filter(word => word.startsWith('-'))
  const verbs = rest.filter(word => !word.startsWith('-')).join(' ')
  const known = installers.find(one => one.tool === tool && one.verbs.includes(verbs))
  if (!isPlain || known === undefined || !(known.locks === null || flags.some(flag => known.locks?.includes(flag))))
    return null
  return { tool: known.tool, scripts: !flags.includes('--ignore-scripts') && !flags.includes('--mode=skip-build') }
}

/** `locks`: the flags of which one is needed, or the tool may write its lock file anew; null: it never does. */
const installers: readonly {
  readonly tool: Installer['tool']
  readonly verbs: readonly string[]
  readonly locks: readonly string[] | null
}[] = [
  { tool: 'npm', verbs: ['ci', 'clean-install'], locks: null },
  { tool: 'pnpm', verbs: ['install', 'i'], locks: ['--frozen-lockfile'] },
  { tool: 'yarn', verbs: ['', 'install'], locks: ['--frozen-lockfile', '--immutable'] },
  { tool: 'bun', verbs: ['install', 'i'], locks: ['--frozen-lockfile'] },
  { tool: 'bun', verbs: ['ci'], locks: null },
]
