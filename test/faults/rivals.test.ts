import { describe, expect, it } from 'vitest'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { dice } from './dice.js'
import { onHosts } from './hosts.js'
import { tryAll } from './points.js'
import { onScene } from './scene.js'
import { app, expectWhole, version } from './whole.js'

const rounds = tryAll ? 100 : 2
const seed = Number(process.env.CLONEDEPLOY_SEED ?? Date.now() % 1_000_000)

describe.skipIf(!sshdIsHere())('two controllers at once', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  /** Releases that were confirmed on host `i`, oldest first. */
  const history = (i: number) =>
    textOf(scene.project.on(i, '.clonedeploy/history'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).release as string)

  it(
    `never both pass, and every host takes the same one (${rounds} rounds, CLONEDEPLOY_SEED=${seed})`,
    {
      timeout: rounds * 30_000,
    },
    async () => {
      const { roll } = dice(seed)
      await scene.deploy('old')
      const seen = new Map<string, number>()
      for (let round = 1; round <= rounds; round++) {
        const passed = history(1).length
        scene.project.write(app(`anna-${round}`))
        scene.other.write(app(`bert-${round}`))
        const runs = await Promise.all([
          after(roll(200), () => scene.project.run('deploy')),
          after(roll(200), () => scene.other.run('deploy', { env: { USER: 'bert' } })),
        ])
        const codes = runs.map(({ code }) => code)
        seen.set(codes.join(' '), (seen.get(codes.join(' ')) ?? 0) + 1)
        const told = `round ${round}, seed ${seed}: ${codes}\n${runs.map(({ stderr }) => stderr).join('\n')}`
        expect(codes.filter(code => code === 0).length, told).toBe(history(1).length - passed)
        for (const [n, { code, stderr }] of runs.entries()) {
          expect([0, 4], told).toContain(code)
          if (code !== 4) continue
          const rival = n === 0 ? 'bert' : 'anna'
          expect(stderr, told).toMatch(new RegExp(`locked by (${rival}|somebody)|Another run changed production`))
          expect(stderr, told).toContain('Nothing was changed')
        }
        expect(codes, told).toContain(0)
        for (const i of hosts.all) expect(history(i), told).toEqual(history(1))
        expectWhole(scene.project, hosts.all, [version(scene.project, 1)])
        expect(scene.project.current(1), told).toBe(`releases/${history(1).at(-1)}`)
      }
      await scene.consistent()
      if (rounds > 10) process.stderr.write(`${[...seen].map(([codes, n]) => `${n} times ${codes}`).join('\n')}\n`)
    },
  )
})

async function after<T>(ms: number, act: () => Promise<T>): Promise<T> {
  await new Promise(resolve => setTimeout(resolve, ms))
  return act()
}
