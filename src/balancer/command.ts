import type { RunResult } from '../connection/connection.js'
import { command } from '../scripts/shell/hook.js'
import { type Balancer, BalancerError, type ServerState } from './balancer.js'
import type { Machine } from './machine.js'

interface CommandBalancer {
  /** To this machine. */
  readonly door: Machine
  /** Folder in which the commands run. */
  readonly root: string
  readonly drain: string
  readonly ready: string
  readonly state: string | null
  /** By host: what it is called, and the variables that its commands see. */
  readonly servers: ReadonlyMap<
    string,
    { readonly server: string; readonly variables: Readonly<Record<string, string>> }
  >
}

const patience = 120_000

/** Any balancer that commands on this machine can speak to. Without a `state` command it cannot be read. */
export function commandBalancer({ door, root, drain, ready, state, servers }: CommandBalancer): Balancer {
  const name = 'the balancer'
  const run = async (host: string, text: string): Promise<RunResult> => {
    const connection = await door.open().catch(error => {
      throw new BalancerError(`this machine's shell cannot be used: ${error.message}`, { cause: error })
    })
    const variables = servers.get(host)?.variables ?? {}
    return connection.run(command(root, { folder: '.', run: text, timeout: patience / 1000 }, variables), {
      timeout: patience + 15_000,
      endless: true,
    })
  }
  const must = async (host: string, text: string): Promise<RunResult> => {
    const result = await run(host, text)
    if (result.code === 0) return result
    throw new BalancerError(`\`${text}\` failed for ${host}: ${lastWord(result)}`)
  }
  const readOne = async (host: string): Promise<ServerState> => {
    if (state === null) return { state: 'unknown', up: true, sessions: null }
    const said = (await must(host, state)).stdout.toString('utf8')
    const read = parseState(said)
    if (read !== null) return read
    throw new BalancerError(`\`${state}\` should print ready, drain, maint or down for ${host}, got "${said.trim()}"`)
  }
  return {
    name,
    brand: name,
    counts: 'sessions',
    hosts: [...servers.keys()],
    maintains: false,
    serverOf: host => servers.get(host)?.server ?? host,
    putBack: host => `what balancer.ready runs for ${host}: ${ready}`,
    read: async hosts => new Map(await inTurn(hosts, async host => [host, await readOne(host)] as const)),
    async tell(hosts, wanted) {
      const from = performance.now()
      await inTurn(hosts, host => must(host, wanted === 'ready' ? ready : drain))
      return { from, to: performance.now() }
    },
    async check() {
      const found = await inTurn([...servers.keys()], async host => {
        const problem = await readOne(host).then(
          () => null,
          error => error as BalancerError,
        )
        return problem === null ? [] : [{ text: problem.message, fix: 'run it here to see more' }]
      })
      return found.flat()
    },
  }
}

/** `drain 3`: the state, and the sessions where they are counted. null: something else. */
export function parseState(text: string): ServerState | null {
  const [word = '', count] = text.trim().toLowerCase().split(/\s+/)
  const sessions = count !== undefined && /^\d{1,15}$/.test(count) ? Number(count) : null
  switch (word) {
    case 'ready':
    case 'up':
      return { state: 'ready', up: true, sessions }
    case 'down':
      return { state: 'ready', up: false, sessions }
    case 'drain':
    case 'draining':
    case 'drained':
      return { state: 'drain', up: false, sessions }
    case 'maint':
    case 'maintenance':
      return { state: 'maint', up: false, sessions }
    default:
      return null
  }
}

/** One after the other: command line tools of clouds do not like to be called all at once. */
async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (const item of items) results.push(await act(item))
  return results
}

function lastWord(result: RunResult): string {
  if (result.code === null) return result.lost?.message ?? 'it was lost'
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter(line => line.trim() !== '')
  const text = lines.filter(line => !/^exit \d+$/.test(line)).at(-1)
  return text ?? `exit code ${/exit (\d+)\s*$/.exec(result.stdout.toString('latin1'))?.[1] ?? result.code}`
}
