import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a deploy that is refused', () => {
  const here = onFleet({ hosts: 1 })

  it.each([
    ['by its command line', {}, 'deploy --bogus', 2],
    ['by its configuration', { app: 7 }, 'deploy', 2],
    ['because nobody can be asked', { protected: true }, 'deploy', 2],
    ['by its build', { source: { dir: '.' }, build: 'exit 7' }, 'deploy', 3],
    ['by a lock', {}, 'deploy', 4],
  ])('%s tells GitHub, the stream and the file how it ended', async (why, config, args, code) => {
    const { project } = here
    if (why === 'by a lock') await project.run('lock')
    project.configure(config)
    const at = (name: string) => join(project.root, name)
    const env = {
      GITHUB_ACTIONS: 'true',
      GITHUB_OUTPUT: at('outputs'),
      GITHUB_STEP_SUMMARY: at('summary'),
      CLONEDEPLOY_OUTPUT_FILE: at('stream'),
    }
    const ended = await project.run(`${args} --output jsonl`, { env })
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining('::error title=clonedeploy::')])
    expect(readFileSync(at('outputs'), 'utf8')).toBe('release=\nresult=aborted\nprevious=\n')
    expect(readFileSync(at('summary'), 'utf8')).toMatch(/^### ❌ deploy: aborted\n\n\S/)
    for (const stream of [ended.stdout, readFileSync(at('stream'), 'utf8')]) {
      const last = JSON.parse(stream.trimEnd().split('\n').at(-1) ?? '')
      expect(last).toMatchObject({
        v: 1,
        type: 'run.end',
        outcome: { command: 'deploy', result: 'aborted', exitCode: code },
      })
    }
  })
})

describe.skipIf(!sshdIsHere())('a run in CI that has ended', () => {
  const here = onFleet({ hosts: 1 })

  it('ends with its code, however often it is told to stop meanwhile', async () => {
    const { child, ended } = here.project.start('config --json', { env: { CI: 'true' } })
    child.stdout?.once('data', () => {
      const again = setInterval(() => child.kill('SIGTERM'), 0)
      child.once('exit', () => clearInterval(again))
    })
    expect(await ended).toMatchObject({ code: 0, signal: null })
  })
})
