import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { descendants, signal } from '../support/processes.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { tried } from '../support/tier.js'

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
const phases = {
  build: { config: { build: hold, source: { dir: '.' } }, code: 3, result: 'aborted' },
  prepare: { config: { prepare: second }, code: 3, result: 'aborted' },
  once: { config: { prepare: { run: second, once: true } }, code: 3, result: 'aborted' },
  restart: { config: { restart: second }, code: 5, result: 'rolled-back' },
  health: {
    config: { health: { run: second, tryTimeout: '60s', timeout: '90s' } },
    code: 5,
    result: 'rolled-back',
  },
} as const

const cases = Object.keys(steps).flatMap(how => Object.keys(phases).map(phase => [phase, how] as const))
const everyday = new Set([
  'build in the place of its shell',
  'restart in the place of its shell',
  'health behind a program that hands no signal on',
])

describe.skipIf(!sshdIsHere())('a job that is cancelled', () => {
  const here = onFleet({ hosts: 2 })
  const at = (name: string) => join(here.project.root, name)

  /** Starts a step as a runner does; `cancel` signals it as a runner does, until everything that it has started has ended. */
  function startStep(text: string) {
    writeFileSync(at('step.sh'), text)
    const { PATH = '', HOME = '' } = process.env
    const files = {
      GITHUB_OUTPUT: at('outputs'),
      GITHUB_STEP_SUMMARY: at('summary'),
      CLONEDEPLOY_OUTPUT_FILE: at('stream'),
    }
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', 'step.sh'], {
      cwd: here.project.root,
      env: { PATH, HOME, CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'anna', ...files },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', chunk => {
      stderr += chunk
    })
    child.stdout.resume()
    // Not before the last process that holds its output has ended.
    const ended = new Promise<number | null>(resolve => child.once('close', resolve))
    const pid = child.pid ?? 0
    return {
      async cancel() {
        const all = [pid, ...descendants(pid)]
        signal([pid], 'SIGINT')
        const timers = [
          setTimeout(() => signal([pid], 'SIGTERM'), terminated),
          setTimeout(() => signal(all, 'SIGKILL'), killed),
        ]
        const code = await ended
        for (const timer of timers) clearTimeout(timer)
        return { code, stderr }
      },
    }
  }

  it.each(tried(cases, ([phase, how]) => everyday.has(`${phase} ${how}`)))(
    'during %s, started %s, leaves the old release everywhere and says so',
    async (phase, how) => {
      const { project } = here
      const { config, code, result } = phases[phase as keyof typeof phases]
      mkdirSync(at('node_modules/.bin'), { recursive: true })
      symlinkSync(program, at('node_modules/.bin/clonedeploy'))
      const one = await project.deployed('one')
      project.configure({ env: { AT: project.root }, ...config })
      project.write({ 'app/version': 'two\n' })
      const step = startStep(steps[how as keyof typeof steps])
      await vi.waitFor(() => expect(textOf(at('held'))).toMatch(/\d\n/), { timeout: 60_000, interval: 20 })
      const ended = await step.cancel()
      if (how === 'in the place of its shell') expect([ended.code, ended.stderr]).toEqual([code, expect.anything()])
      for (const i of [1, 2]) expect(project.current(i)).toBe(`releases/${one}`)
      expect(ended.stderr).toContain('::error title=clonedeploy::')
      expect(readFileSync(at('outputs'), 'utf8')).toContain(`result=${result}\n`)
      expect(readFileSync(at('summary'), 'utf8')).toContain(`: ${result}`)
      const last = JSON.parse(readFileSync(at('stream'), 'utf8').trimEnd().split('\n').at(-1) ?? '')
      expect(last).toMatchObject({ type: 'run.end', outcome: { result, exitCode: code } })
      expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
    },
    90_000,
  )
})
