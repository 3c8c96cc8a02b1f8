import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { document } from '../docs/markdown.js'
import { canMount } from '../faults/disk.js'
import { isHere } from '../support/installed.js'
import { onFleet } from '../support/on-fleet.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'
import { accounts } from './accounts.js'
import { connections } from './connections.js'
import { folders } from './folders.js'
import { type At, type Kind, refusal, type Transport, transports } from './kind.js'
import { surroundings } from './surroundings.js'
import { told } from './told.js'

const rooms = Object.entries({ accounts, connections, folders, surroundings })
const here = sshdIsHere() && canMount()
/** Before the odd ones comes a host as it should be. */
const first = 2

describe.skipIf(!here).each(exhaustive(rooms))('a fleet of odd %s', (_, all) => {
  const kinds = all.filter(({ needs }) => needs === undefined || isHere(needs))
  const kindOf = (i: number) => kinds[i - first]
  const on = onFleet({
    hosts: kinds.length + 1,
    sshdConfig: (i, at) => kindOf(i)?.sshd?.(at) ?? [],
    world: (i, at) => kindOf(i)?.world?.(at) ?? [],
    environment: i => kindOf(i)?.environment ?? [],
  })

  it.each(transports)('is checked, deployed to, verified and rolled back over %s', async transport => {
    const { project } = on
    const names = configure(transport, kind => refusal(kind, transport) === null).map(({ name }) => name)
    const check = await project.run('check --json')
    expect(check.json().problems).toEqual([])
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    expect(await served()).toEqual(names.map(name => [name, two]))
    const back = await project.run('rollback --yes')
    expect(back.code, back.stderr).toBe(0)
    expect(await served()).toEqual(names.map(name => [name, one]))
  })

  it.each(transports)('is refused where a host cannot do, over %s, and nothing changes', async transport => {
    const { project } = on
    const hosts = configure(transport, kind => refusal(kind, transport) !== null)
    const { problems } = (await project.run('check --json')).json()
    const unsaid = kinds.flatMap(kind => {
      const said = textOf(problems, kind.name)
      const missing = refusal(kind, transport)?.filter(sentence => !said.includes(sentence)) ?? []
      return missing.length === 0 ? [] : [{ kind: kind.name, missing, said }]
    })
    expect(unsaid).toEqual([])
    const { code, stderr } = await project.run('deploy')
    expect(code, stderr).toBe(3)
    for (const { name } of hosts.slice(1)) expect(stderr).toContain(name)
    expect(hosts.filter(({ deployTo }) => existsSync(deployTo))).toEqual([])
  })

  /** The plain host and those kinds, as the inventory has them. */
  function configure(transport: Transport, wanted: (kind: Kind) => boolean) {
    const { project, fleet } = on
    const at = (i: number): At => ({
      ...{ i, dir: fleet.dir, folder: fleet.folder(i), port: fleet.port, deployTo: project.on(i) },
    })
    const odd = kinds.flatMap((kind, n) => (wanted(kind) ? [{ kind, at: at(n + first) }] : []))
    const hosts = odd.map(({ kind, at }) => ({
      ...{ name: kind.name, host: kind.entry === undefined ? `h${at.i}` : `odd${at.i}`, deployTo: at.deployTo },
      ...kind.host?.(at),
    }))
    const entries = odd.flatMap(({ kind, at }) => kind.entry?.(at) ?? [])
    const configFile = join(project.root, 'ssh_config')
    writeFileSync(configFile, [...entries, 'Match all', `Include ${fleet.sshConfigFile}`, ''].join('\n'))
    const plain = { name: 'plain', host: 'h1', deployTo: project.on(1) }
    project.configure({ hosts: [plain, ...hosts], ssh: { configFile, connectTimeout: '30s', transport } })
    return [plain, ...hosts]
  }

  async function served(): Promise<readonly (readonly [string, string])[]> {
    const { code, json, stderr } = await on.project.run('status --verify --json')
    expect(code, stderr).toBe(0)
    return json().hosts.map(({ name, current }: Json) => [name, current])
  }
})

/** Everything that `check` says of a host. */
function textOf(problems: readonly Json[], host: string): string {
  const its = problems.filter(problem => problem.host === host)
  return its.flatMap(({ text, fix, details = [], next = [] }) => [text, fix, ...details, ...next]).join('\n')
}

describe('docs/hosts.md', () => {
  const cases = Object.values(told).flat()

  it('has a row for every kind of host that is told of, and for no other', () => {
    const rows = document('docs/hosts.md')
      .split('\n')
      .flatMap(line => /^\| (.*?) \| .* \| .*\|$/.exec(line)?.[1] ?? [])
    expect(rows.filter(kind => kind !== 'kind' && kind !== '---')).toEqual(Object.keys(told))
  })

  it('tells of every kind that is tried, once', () => {
    const tried = rooms.flatMap(([, kinds]) => kinds.map(({ name }) => name))
    expect(cases.filter(one => typeof one === 'string').sort()).toEqual([...tried].sort())
  })

  it.each(cases.filter(one => typeof one !== 'string'))('is right: a test in %s is called "%s"', (file, words) => {
    expect(document(`test/${file}.test.ts`)).toContain(words)
  })
})
