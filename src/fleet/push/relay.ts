import { createHash } from 'node:crypto'
import type { Waiting } from '../../connection/connection.js'
import { newKey } from '../../connection/ssh2/key-types.js'
import { pushOf, takersOf } from '../../plan/relay.js'
import { relay as relayScript, type Seed, seedIn } from '../../scripts/prepare/relay.js'
import type { Delivery } from '../../scripts/prepare/unpack.js'
import { escapeLine } from '../../text/escape.js'
import { within } from '../../time-limit.js'
import { failureOf } from '../failure.js'
import type { HostRun, Run } from '../transaction/run.js'
import { remarks, type Source } from './detour.js'

/** How the files reach some hosts: from others, which got them from here and hand them on while they come. */
export interface Relay extends Source {
  /** How they are sent to it from here. */
  readonly wayFrom: (host: HostRun) => Delivery
  /** It did not get them: nobody shall wait for what it has not. Whether it is a seed. */
  readonly fails: (host: HostRun) => boolean
  /** Nobody fetches any more. */
  readonly end: () => void
}

/** A seed at work. */
interface Post {
  readonly seed: Promise<Seed | null>
  /** The key that it lets in, and sha256 (hex) and bytes of what it hands on. */
  readonly key: string
  readonly sum: string
  readonly size: number
  readonly end: () => void
}

/** Decides who of these hosts fetches from whom; where nothing is to be relayed, everything is sent from here. */
export async function startRelay(run: Run, hosts: readonly HostRun[]): Promise<Relay> {
  const plans = hosts.map(({ plan }) => plan)
  const takers = await takersOf({ ...run.plan, hosts: plans }, async base => (await run.payload(base)).data.length)
  const seeds = run.hosts.filter(({ name }) => [...takers.values()].includes(name))
  const posts = new Map<string, Post>()
  const endAll = () => {
    for (const post of posts.values()) post.end()
  }
  try {
    for (const host of seeds) posts.set(host.name, await serve(host))
  } catch (error) {
    endAll()
    throw error
  }
  const { add, tell } = remarks(run)
  return {
    async detour({ name, plan }) {
      const from = takers.get(name) ?? ''
      const post = posts.get(from)
      const seed = (await post?.seed) ?? null
      if (seed === null || post === undefined) return null
      const payload = await run.payload(pushOf(plan)?.baseDigest ?? null)
      return { from, payload, delivery: { seed, key: Buffer.from(post.key), sum: post.sum, size: post.size } }
    },
    wayFrom: ({ name }) => (posts.has(name) ? 'sent and kept' : 'sent'),
    fails({ name }) {
      posts.get(name)?.end()
      return posts.has(name)
    },
    missed: ({ name }, reason) => add(name, `sent from here, not fetched from ${takers.get(name)}: ${reason}`),
    end() {
      endAll()
      tell()
    },
  }

  async function serve(host: HostRun): Promise<Post> {
    const { text: key, publicLine } = await newKey()
    const { port } = run.plan.relay as NonNullable<Run['plan']['relay']>
    const { data } = await run.payload(pushOf(host.plan)?.baseDigest ?? null)
    const place = { root: host.plan.root, tx: run.plan.tx }
    const count = [...takers.values()].filter(name => name === host.name).length
    const what = { port, publicLine, size: data.length, takers: count }
    const waiting = await host.session.open(relayScript(place, what), 3_600_000)
    const end = () => waiting.send('end')
    const sum = createHash('sha256').update(data).digest('hex')
    return { seed: listening(host, waiting, port), key, sum, size: data.length, end }
  }

  /** Where it listens; null, with a warning, when it cannot. */
  async function listening({ name }: HostRun, waiting: Waiting, port: number): Promise<Seed | null> {
    const said = await waiting.line(20_000)
    const seed = seedIn(said, port)
    if (seed !== null) return seed
    waiting.send('end')
    if (run.stop.reason() !== null) return null
    const result = await within(2000, waiting.result).catch(() => null)
    const attempt = { phase: 'push', step: 'relay', text: 'relay', timeout: 20_000 } as const
    const why =
      said !== null
        ? `no other host could use its answer: ${escapeLine(said, 200)}`
        : result === null
          ? 'no answer in time'
          : failureOf(attempt, result).message
    run.warnings.push(`${name}: could not hand the files on: ${why}`)
    return null
  }
}
