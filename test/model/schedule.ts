import { execFileSync } from 'node:child_process'
import { dice } from '../faults/dice.js'
import { inFolder, model, pan } from './search.js'

/** What a script or a switch does to the disk of a host, as the model says it. */
export const changes = [
  'locks',
  'sweeps',
  'lays',
  'arms',
  'swaps',
  'is set aside',
  'is confirmed',
  'is recorded',
  'is reverted',
  'goes back',
  'ends',
] as const
export type Change = (typeof changes)[number]

/** One thing that happens in a schedule; `tx` 0 is the deploy, 1 its repair. `bySwitch`: nobody asked the host for it. */
export type Step =
  | {
      readonly is: 'change'
      readonly host: number
      readonly tx: number
      readonly what: Change
      readonly bySwitch: boolean
    }
  | { readonly is: 'reboot'; readonly host: number }
  | { readonly is: 'ask' | 'death' | 'silence' | 'repair' }
  | { readonly is: 'end'; readonly code: number }

/** An order in which the model does things, and what its hosts serve at the end. */
export interface Schedule {
  readonly steps: readonly Step[]
  /** A health check of the deploy fails. */
  readonly sick: boolean
  /** Whether each host serves the new release. */
  readonly served: readonly boolean[]
}

/** A schedule of one deploy to two hosts, and the repair of what it leaves, by chance: the same one from the same seed. */
export function scheduleOf(seed: number): Schedule {
  for (let n = 1; ; n += 1) {
    const schedule = drawn(100 * seed + n)
    if (!isTooLate(schedule) && !isNoticed(schedule)) return schedule
  }
}

function drawn(seed: number): Schedule {
  const { roll } = dice(seed)
  const chance = [`DIES_AT=${3 + roll(24)}`, `FIRES_AT=${8 + roll(24)}`, `REBOOTS_AT=${roll(40)}`]
  const defines = ['SAMPLE', 'SLEEPERS', 'NO_LOSSES', 'REBOOTS=1', ...chance].map(one => `-D${one}`)
  return read(execFileSync('spin', [`-n${seed}`, '-T', ...defines, model], { encoding: 'utf8' }))
}

/** A host goes on with the dead deploy when all its leases are over, and before another holds the lock: it cannot be told from a lost message. */
function isTooLate({ steps }: Schedule): boolean {
  const silent = steps.findIndex(({ is }) => is === 'silence')
  const later = steps.slice(silent < 0 ? steps.length : silent)
  return [1, 2].some(host => {
    const first = later.find(step => step.is === 'change' && step.host === host)
    return first?.is === 'change' && first.tx === 0
  })
}

/**
 * A host reboots where the program sees it and the model does not: between arming and the word, by a ping; and with only the end
 * of its transaction left, where the program asks once more, and goes by what it reads.
 */
function isNoticed({ steps }: Schedule): boolean {
  if (steps.some(({ is }) => is === 'death')) return false
  return steps.some((step, n) => {
    if (step.is !== 'reboot') return false
    const before = steps.slice(0, n)
    const done = before.flatMap(one =>
      one.is === 'change' && one.host === step.host && one.tx === 0 ? [one.what] : [],
    )
    const isAsked = before.filter(({ is }) => is === 'ask').length >= 3
    if (done.includes('arms') && !isAsked) return true
    const last = done.at(-1)
    return last === 'is recorded' || last === 'goes back' || (last === 'is reverted' && !done.includes('swaps'))
  })
}

/** The shortest way to a promise that the model breaks with these definitions. */
export function counterexample(defines: readonly string[]): Schedule {
  return inFolder(cwd => {
    pan(cwd, defines, ['-m100000', '-w22'], ['-DBFS'])
    const trail = ['-t', '-T', '-k', `${cwd}/transaction.pml.trail`]
    return read(execFileSync('spin', [...trail, ...defines.map(one => `-D${one}`), model], { cwd, encoding: 'utf8' }))
  })
}

/** A step as the model says it. */
export function wordsOf(step: Step): string {
  if (step.is === 'change') return `h${step.host}: tx${step.tx} ${step.what}`
  if (step.is === 'end') return `tx0 exits with ${step.code}`
  return step.is === 'reboot' ? `h${step.host} reboots` : step.is
}

function read(said: string): Schedule {
  const lines = said.split('\n')
  const steps = lines.flatMap((line, n) => step(line.trim(), lines[n - 1] ?? ''))
  const repair = steps.findIndex(({ is }) => is === 'repair')
  const died = steps.some(({ is }) => is === 'death')
  const code = Number(/^\s*tx0 exits with (\d)$/m.exec(said)?.[1] ?? 6)
  const served = [...said.matchAll(/current\[\d+\] = (\d+)/g)].map(([, release]) => release !== '0')
  return {
    steps: steps.flatMap((one, n): readonly Step[] => {
      if (one.is === 'repair') return n === repair ? [one] : []
      if (one.is === 'end') return died ? [] : [{ ...one, code }]
      return [one]
    }),
    sick: isSick(said),
    served: served.slice(-2),
  }
}

function step(line: string, before: string): readonly Step[] {
  const [, host, tx, what] = /^h(\d): tx(\d) (.+)$/.exec(line) ?? []
  const known = changes.find(one => one === what)
  if (known !== undefined)
    return [{ is: 'change', host: Number(host), tx: Number(tx), what: known, bySwitch: / switch of /.test(before) }]
  const reboots = /^h(\d) reboots$/.exec(line)?.[1]
  if (reboots !== undefined) return [{ is: 'reboot', host: Number(reboots) }]
  if (line.startsWith('tx0 asks ')) return [{ is: 'ask' }]
  if (line === 'tx0 dies') return [{ is: 'death' }]
  if (line === 'tx0 silent') return [{ is: 'silence' }]
  if (/^tx1 decides/.test(line)) return [{ is: 'repair' }]
  return line === 'tx0 is over' ? [{ is: 'end', code: 6 }] : []
}

/** All hosts said that they swapped, and yet the deploy goes back. */
function isSick(said: string): boolean {
  const after = said.split(/tx0 heard rename_ of 3\n/)[1]
  return /^tx0 asks (\w+)/m.exec(after ?? '')?.[1] === 'restore'
}
