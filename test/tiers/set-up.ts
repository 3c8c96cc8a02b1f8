import { spawnSync } from 'node:child_process'
import { aptInstall, npmInstall } from './install.js'
import { find, isSkipped, npmFolder, type Program, programs, type Tier } from './programs.js'

/** What is known of this machine before anything is installed. */
export interface Machine {
  readonly missing: readonly Program[]
  /** CLONEDEPLOY_SETUP=0: nothing may be installed. */
  readonly mayInstall: boolean
  readonly hasApt: boolean
  /** What runs a command as root: nothing for root itself, or sudo that asks for no password; null: nothing does. */
  readonly asRoot: readonly string[] | null
}

/**
 * Installs what the tests of a tier need and this machine lacks; of a slice, what those in its files need. Throws what to do by
 * hand where it may not.
 */
export function setUp(tier: Tier, files: readonly string[] | null = null): void {
  const missing = needed(programs[tier], files).filter(({ name }) => find(name) === null && !isSkipped(name))
  if (missing.length === 0) return
  const mayInstall = process.env.CLONEDEPLOY_SETUP !== '0'
  const machine = { missing, mayInstall, hasApt: find('apt-get') !== null, asRoot: asRoot() }
  const because = refusal(tier, machine)
  if (because !== null) throw new Error(because)
  aptInstall(missing, machine.asRoot ?? [])
  npmInstall(missing)
}

/** The programs that tests in these files need; null: in all. */
export function needed(all: readonly Program[], files: readonly string[] | null): readonly Program[] {
  const tested = files?.map(file => /^test\/recipes\/([^.]*)/.exec(file)?.[1] ?? '')
  return all.filter(({ recipes }) => recipes === undefined || (tested?.some(name => recipes.includes(name)) ?? true))
}

/** Why nothing can be installed here, with the lines that do it by hand; null: it can. */
export function refusal(tier: Tier, machine: Machine): string | null {
  const { missing, mayInstall, hasApt, asRoot } = machine
  const needsRoot = missing.some(({ apt }) => apt !== undefined)
  if (mayInstall && (!needsRoot || (hasApt && asRoot !== null))) return null
  const width = Math.max(...missing.map(({ name }) => name.length))
  const rows = missing.map(({ name, apt, npm }) => `  ${name.padEnd(width)}  ${apt ?? npm}`)
  return `The ${tier} tests need programs that are not installed here, each with its package:

${rows.join('\n')}

Install them, then run this command again:

${commands(machine).join('\n')}
`
}

function commands({ missing, hasApt, asRoot }: Machine): readonly string[] {
  const apt = [...new Set(missing.flatMap(program => program.apt ?? []))].join(' ')
  const sudo = asRoot?.length === 0 ? '' : 'sudo '
  const where = hasApt ? '' : '    # on Debian and Ubuntu'
  return [
    ...(apt === '' ? [] : [`  ${sudo}apt-get install --no-install-recommends ${apt}${where}`]),
    ...missing.flatMap(({ npm }) => (npm === undefined ? [] : [`  npm install --prefix ${npmFolder} ${npm}`])),
  ]
}

function asRoot(): Machine['asRoot'] {
  if (process.getuid?.() === 0) return []
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : null
}
