import { describe, expect, it } from 'vitest'
import { planSteps } from '../../src/render/reports/plan-steps.js'
import { planned } from './plans.js'
import { idOf } from './states.js'

const restart = { warm: 'w', ready: 'r', switch: 's', cool: 'c' }
const health = { url: 'http://127.0.0.1:3000' }

describe('a release that is warmed', () => {
  it('is started on all hosts before the first batch swaps, and the old one ended when all have confirmed', async () => {
    const { phases } = await planned('deploy', { restart, rollout: { batch: 2 } })
    const told = phases.map(({ name, batch, onFailure }) => `${name}${batch && ` ${batch.slice(6, 7)}`}: ${onFailure}`)
    expect(told.filter(line => /warm|arm|swap|switch|confirm|cool|finish/.test(line))).toEqual([
      'warm: discard',
      'arm 1: discard',
      'swap 1: restore',
      'switch 1: restore',
      'arm 2: restore',
      'swap 2: restore',
      'switch 2: restore',
      'confirm: repair',
      'cool: end',
      'finish: end',
    ])
  })

  it('is in the dry run', async () => {
    const steps = planSteps(await planned('deploy', { restart, health })).map(({ text }) => text)
    const from = steps.indexOf('w')
    expect(steps.slice(from, from + 8)).toEqual([
      'w',
      'r, else nothing is swapped',
      `rename current → releases/${idOf(4)}`,
      's',
      'GET http://127.0.0.1:3000/ = 200 within 30s, else all 3 hosts go back',
      'confirm',
      'c',
      'the processes of other releases have ended within 30s, else a warning',
    ])
  })

  it('has fresh processes by its switch in a restart', async () => {
    const plan = await planned('restart', { restart })
    expect(plan.phases.map(({ name }) => name)).toEqual(['lock', 'restart', 'health'])
    expect(plan.hosts[0]?.restart.map(({ text }) => text)).toEqual(['s'])
    expect(String(plan.hosts[0]?.restart[0]?.script.input[0])).toContain("export 'CLONEDEPLOY_RESTART'='1'")
  })

  it('is cooled first where a dead run left it, as it was deployed, with what is served as the one that stays', async () => {
    const left = { warm: idOf(2) }
    const plan = await planned('deploy', { restart }, { 'web-2': left })
    expect(plan.hosts.map(({ prepare }) => prepare[0]?.name)).toEqual(['push', 'cool', 'push'])
    const [step] = plan.hosts[1]?.leftWarm ?? []
    expect(step?.script.text).toContain(`cd -- 'releases/${idOf(2)}'`)
    expect(String(step?.script.input[0])).toContain(`export 'CLONEDEPLOY_RELEASE'='${idOf(3)}'`)
  })

  it('is forgotten where nothing is left that could end it', async () => {
    const plan = await planned('deploy', { restart }, { 'web-2': { warm: idOf(9) } })
    expect(plan.hosts[1]?.prepare[0]?.name).toBe('forget')
  })
})
