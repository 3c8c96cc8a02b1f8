import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Generation } from '../../src/store/generation.js'
import { exhaustively } from '../support/exhaustively.js'
import { type Asked, anyCredentials, type S3Server, startS3 } from '../support/s3-server.js'
import { sshdIsHere } from '../support/sshd.js'
import { generationsAt, states } from '../support/stored.js'
import { tried } from '../support/tier.js'
import { dice } from './dice.js'
import { onHosts } from './hosts.js'
import { tryAll } from './points.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

const rounds = tryAll ? 60 : 3
const seed = Number(process.env.CLONEDEPLOY_SEED ?? Date.now() % 1_000_000)

/** What a deploy asks of a store, in order. */
const calls = [
  ['LIST', /^$/, 1],
  ['GET', /generations\/0000000002$/, 1],
  ['LIST', /^$/, 2],
  ['PUT', /payload$/, 1],
  ['PUT', /payload\.json$/, 1],
  ['PUT', /manifest$/, 1],
  ['LIST', /^$/, 3],
  ['GET', /generations\/0000000002$/, 2],
  ['PUT', /generations\/0000000003$/, 1],
  ['HEAD', /condemned\//, 1],
  ['PUT', /generations\/0000000004$/, 1],
] as const
const points = tried(
  calls.flatMap(([method, key, nth], i) =>
    (['before', 'after'] as const).map(when => ({ n: i + 1, method, key, nth, when, isLast: i === calls.length - 1 })),
  ),
  ({ n, when }) => n === 11 && when === 'after',
)

describe.skipIf(!sshdIsHere())('a store', () => {
  const hosts = onHosts()
  const here = {} as { s3: S3Server }
  beforeAll(() => {
    for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
  })
  afterAll(() => vi.unstubAllEnvs())
  beforeEach(async () => {
    here.s3 = await startS3()
  })
  const scene = onScene(hosts, () => ({ store: { s3: { bucket: 'acme', endpoint: here.s3.endpoint } } }))
  afterEach(() => here.s3.stop())

  it.each(
    points,
  )('whose call $n ($method) kills the controller $when it is done has a fleet that a repair makes whole, and says so in the end', async ({
    method,
    key,
    nth,
    when,
    isLast,
  }) => {
    const { s3 } = here
    await scene.deploy('old')
    scene.project.write(app('new'))
    s3.asked.length = 0
    const isIt = (asked: Asked) => asked.method === method && key.test(asked.key)
    const running = scene.project.start('deploy', { env: anyCredentials })
    s3.fault = asked => {
      if (!isIt(asked) || s3.asked.filter(isIt).length !== nth) return null
      running.child.kill('SIGKILL')
      return when === 'before' ? 'silent' : 'lost'
    }
    expect((await running.ended).signal).toBe('SIGKILL')
    s3.fault = () => null
    await hosts.letTimePass(scene.folders)
    const now = isLast ? 'new' : 'old'
    await scene.repair([now])
    await scene.deploy('newer')
    await scene.consistent()
    expectSuccession(generationsAt(s3))
    const ended = generationsAt(s3)[3]
    if (isLast) expect(ended).toMatchObject({ state: 'confirmed', confirmed: ended?.target })
    expect(scene.project.current(1)).toBe(`releases/${generationsAt(s3).at(-1)?.confirmed?.release}`)
  })

  exhaustively(
    `never lets two controllers pass that share no host (${rounds} rounds, CLONEDEPLOY_SEED=${seed})`,
    { timeout: rounds * 30_000 },
    async () => {
      const { roll } = dice(seed)
      const store = { s3: { bucket: 'acme', endpoint: here.s3.endpoint } }
      const some = (...which: readonly number[]) => ({
        source: { dir: 'site' },
        store,
        hosts: which.map(i => ({ name: `h${i}`, deployTo: scene.project.on(i) })),
      })
      scene.project.configure(some(1))
      scene.other.configure(some(2, 3))
      const sides = [
        { project: scene.project, which: [1], name: 'anna' },
        { project: scene.other, which: [2, 3], name: 'bert' },
      ]
      const seen = new Map<string, number>()
      for (let round = 1; round <= rounds; round++) {
        const runs = await Promise.all(
          sides.map(async ({ project, which, name }) => {
            const was = which.map(i => version(scene.project, i))
            project.write(app(`${name}-${round}`))
            await new Promise(resolve => setTimeout(resolve, roll(300)))
            return { ended: await project.run('deploy', { env: { USER: name } }), which, was, is: `${name}-${round}` }
          }),
        )
        const codes = runs.map(({ ended }) => ended.code).join(' ')
        seen.set(codes, (seen.get(codes) ?? 0) + 1)
        for (const { ended, which, was, is } of runs) {
          const told = `round ${round}, seed ${seed}: ${codes}\n${ended.stderr}`
          expect([0, 4], told).toContain(ended.code)
          expect(
            which.map(i => version(scene.project, i)),
            told,
          ).toEqual(ended.code === 0 ? which.map(() => is) : was)
          if (ended.code === 4) expect(ended.stderr, told).toContain('The store says that ')
        }
        expect(codes).toContain('0')
        expectSuccession(generationsAt(here.s3))
      }
      if (rounds > 10) process.stderr.write(`${[...seen].map(([codes, n]) => `${n} times ${codes}`).join('\n')}\n`)
    },
  )
})

/** Each transaction is ended before the next one begins, and what is confirmed is what was last confirmed. */
function expectSuccession(generations: readonly Generation[]): void {
  const said = states(generations).join(', ')
  let open: Generation | null = null
  let confirmed: string | null = null
  for (const [i, one] of generations.entries()) {
    expect(one.number, said).toBe(i + 1)
    if (one.state === 'pending') expect(open, said).toBeNull()
    else if (open !== null) expect(one.tx, said).toBe(open.tx)
    if (one.state === 'confirmed') confirmed = one.target.release
    expect(one.confirmed?.release ?? null, said).toBe(confirmed)
    open = one.state === 'pending' ? one : null
  }
  expect(open, said).toBeNull()
}
