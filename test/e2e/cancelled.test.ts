import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { type At, holdPoint } from '../faults/held.js'
import { onFleet } from '../support/on-fleet.js'
import { descendants, signal, switchesIn, withEnvironment } from '../support/processes.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { tier, tried } from '../support/tier.js'

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')

/** How a step of a workflow starts the program. The runner signals the step's shell, and no other process. */
const steps = {
  'in the place of its shell': 'exec node_modules/.bin/clonedeploy deploy',
  'as a child of its shell': 'node_modules/.bin/clonedeploy deploy\ntrue',
  'behind a program that hands no signal on': `sh -c 'node_modules/.bin/clonedeploy deploy; exit $?'\ntrue`,
}

/** Milliseconds from the first signal on. Runners take 7.5 s; and 10 s for the last one, which no test waits for. */
const terminated = 500
const killed = 60_000

const hold = 'echo $$ >>"$AT/held"; sleep 60'
const second = `grep -q one version || { ${hold}; }`

interface PhaseCase {
  readonly config?: object | ((at: string) => object)
  /** The message at which the program is held; without one, a command of the project holds it. */
  readonly at?: At
  /** A release that is not sent along with the lock. */
  readonly large?: true
  readonly code: number
  readonly result: string
}

const untouched = { code: 3, result: 'aborted' } as const
const putBack = { code: 5, result: 'put-back' } as const
const phases: Readonly<Record<string, PhaseCase>> = {
  check: { at: { kind: 'inspect', k: 1, when: 'after' }, ...untouched },
  build: { config: at => ({ build: { run: hold, env: { AT: at } }, source: { dir: '.' } }), ...untouched },
  lock: { at: { kind: 'lock', k: 1, when: 'after' }, ...untouched },
  push: { at: { kind: 'unpack', k: 1, when: 'after' }, large: true, ...untouched },
  prepare: { config: { prepare: second }, ...untouched },
  once: { config: { prepare: { run: second, once: true } }, ...untouched },
  swap: { at: { kind: 'word', k: 1, when: 'before' }, ...putBack },
  restart: { config: { restart: second }, ...putBack },
  health: { config: { health: { run: second, tryTimeout: '60s', timeout: '90s' } }, ...putBack },
  // What is decided stays decided.
  confirm: { at: { kind: 'confirm', k: 1, when: 'before' }, code: 0, result: 'deployed' },
}

const cases = Object.keys(steps).flatMap(how => Object.keys(phases).map(phase => [phase, how] as const))
const everyday = new Set(['health behind a program that hands no signal on'])

describe.skipIf(!sshdIsHere())('a job that is cancelled', () => {
  const here = onFleet({ hosts: 2 })
  const at = (name: string) => join(here.project.root, name)

  /** Starts a step as a runner does; `cancel` signals it as a runner does, until everything that it has started has ended. */
  function startStep(text: string, held: Readonly<Record<string, string>>) {
    writeFileSync(at('step.sh'), text)
    const { PATH = '', HOME = '' } = process.env
    const files = {
      GITHUB_OUTPUT: at('outputs'),
      GITHUB_STEP_SUMMARY: at('summary'),
      CLONEDEPLOY_OUTPUT_FILE: at('stream'),
    }
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', 'step.sh'], {
      cwd: here.project.root,
      env: { PATH, HOME, CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'anna', ...files, ...held },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', chunk => {
      stderr += chunk
    })
    child.stdout.resume()
    // Not before the last process that holds its output has ended.
    const ended = new Promise<number | null>(resolve => child.once('close', resolve))
    const exited = once(child, 'exit')
    const pid = child.pid ?? 0
    return {
      ended,
      /** `resume`: what is held goes on when the signals have had their effect. */
      async cancel(resume: () => void, gone: boolean) {
        const all = [pid, ...descendants(pid)]
        signal([pid], 'SIGINT')
        const timers = [
          setTimeout(() => signal([pid], 'SIGTERM'), terminated),
          setTimeout(() => signal(all, 'SIGKILL'), killed),
        ]
        if (gone) await exited
        resume()
        const code = await ended
        for (const timer of timers) clearTimeout(timer)
        return { code, stderr }
      },
    }
  }

  it.each(
    tried(cases, ([phase, how]) => everyday.has(`${phase} ${how}`)),
  )('during %s, started %s, leaves one release everywhere and says which', async (phase, how) => {
    const { project } = here
    const { config, at: message, large, code, result } = phases[phase] as PhaseCase
    const point = message === undefined ? null : holdPoint(project, message)
    mkdirSync(at('node_modules/.bin'), { recursive: true })
    symlinkSync(program, at('node_modules/.bin/clonedeploy'))
    const one = await project.deployed('one')
    project.configure({
      env: { AT: project.root },
      ...(typeof config === 'function' ? config(project.root) : config),
    })
    project.write({ 'app/version': 'two\n', ...(large && { 'app/large': randomBytes(2 << 20).toString('base64') }) })
    const step = startStep(steps[how as keyof typeof steps], point?.env ?? {})
    if (point === null)
      await vi.waitFor(() => expect(textOf(at('held'))).toMatch(/\d\n/), { timeout: 300_000, interval: 20 })
    else expect(await point.reached(step.ended)).toBe(true)
    const alone = how === 'in the place of its shell'
    const ended = await step.cancel(() => point?.resume(), point !== null && !alone)
    if (alone) expect([ended.code, ended.stderr]).toEqual([code, expect.anything()])
    const served = [1, 2].map(i => textOf(project.on(i, 'current/version')))
    expect(served).toEqual(code === 0 ? ['two\n', 'two\n'] : ['one\n', 'one\n'])
    if (code !== 0) expect([1, 2].map(project.current)).toEqual([1, 2].map(() => `releases/${one}`))
    expect(ended.stderr.includes('::error title=clonedeploy::')).toBe(code !== 0)
    expect(readFileSync(at('outputs'), 'utf8')).toContain(`result=${result}\n`)
    expect(readFileSync(at('summary'), 'utf8')).toContain(`: ${result}`)
    const last = JSON.parse(readFileSync(at('stream'), 'utf8').trimEnd().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({ type: 'run.end', outcome: { result, exitCode: code } })
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
    expect(withEnvironment(`CLONEDEPLOY_OUTPUT_FILE=${at('stream')}`)).toEqual([])
    await vi.waitFor(() => expect([1, 2].flatMap(i => switchesIn(project.on(i)))).toEqual([]), 300_000)
    if (tier === 'everyday') return
    project.configure()
    const next = await project.run('deploy')
    expect([next.code, next.stderr]).toEqual([0, expect.not.stringContaining('took over')])
  })
})
