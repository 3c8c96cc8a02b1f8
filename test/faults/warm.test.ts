import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { signal } from '../support/processes.js'
import { type Project, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

/**
 * An app of one process a release, which lives outside of the releases, and a file that says who has the traffic. What a killed
 * test leaves ends by itself. A line `HOST WHAT` in `faults` lets a command fail.
 */
const serve = `d=$AT/$CLONEDEPLOY_HOST; mkdir -p "$d"; r=$CLONEDEPLOY_RELEASE
say() { echo "$CLONEDEPLOY_HOST $1" >>"$AT/said"; }
lives() { p=$(cat "$d/pid.$r" 2>/dev/null) && { read -r l <"/proc/$p/stat"; } 2>/dev/null && case \${l##*) } in Z*) false ;; esac; }
start() { lives && return; ( cd / && exec setsid timeout 900 tail -f /dev/null ) </dev/null >/dev/null 2>&1 & echo $! >"$d/pid.$r"; }
[ "$1" = look ] || say "$1"
if grep -qx "$CLONEDEPLOY_HOST $1" "$AT/faults" && ! grep -qx "$r" "$AT/good"; then echo "no $1 here" >&2; exit 7; fi
case $1 in
  warm) start ;;
  ready) sleep 0.1; lives ;;
  switch) start; echo "$r" >>"$d/met"; echo "$r" >"$d/traffic.new"; mv -f "$d/traffic.new" "$d/traffic" ;;
  cool) for f in "$d"/pid.*; do [ "$f" = "$d/pid.$r" ] || { kill "$(cat "$f")"; rm -f "$f"; } 2>/dev/null; done; true ;;
esac
`

describe.skipIf(!sshdIsHere())('a release that is warm before it has the traffic', () => {
  const hosts = onHosts()
  const scene = onScene(hosts, () => {
    const run = (what: string) => `sh "$AT/serve.sh" ${what}`
    const restart = { warm: run('warm'), ready: run('ready'), switch: run('switch'), cool: run('cool'), timeout: '10s' }
    return { restart, health: { run: run('look'), timeout: '1s' }, env: { AT: at() } }
  })
  const state = { at: '' }
  const at = () => state.at
  const on = (i: number, ...path: readonly string[]) => join(at(), `h${i}`, ...path)
  const release = (i: number) => scene.project.current(i)?.replace('releases/', '') ?? ''
  const pid = (i: number, id: string) => Number(textOf(on(i, `pid.${id}`)))
  const running = (i: number) => readdirSync(on(i)).flatMap(name => (name.startsWith('pid.') ? [name.slice(4)] : []))
  const said = () => textOf(join(at(), 'said')).trim().split('\n')
  const faults = (...lines: readonly string[]) => writeFileSync(join(at(), 'faults'), `${lines.join('\n')}\n`)
  const fresh = () => {
    writeFileSync(join(at(), 'good'), `${release(1)}\n`)
    writeFileSync(join(at(), 'said'), '')
    scene.project.write(app('new'))
  }
  const noted = (project: Project, i: number) => existsSync(project.on(i, '.clonedeploy/warm'))

  /** One release has the traffic, runs alone, and is what `current` names. */
  const alone = () => {
    for (const i of hosts.all) {
      expect(textOf(on(i, 'traffic')).trim(), `traffic of h${i}`).toBe(release(i))
      expect(running(i), `processes of h${i}`).toEqual([release(i)])
      expect(() => process.kill(pid(i, release(i)), 0)).not.toThrow()
      expect(noted(scene.project, i), `note on h${i}`).toBe(false)
    }
  }
  const met = (i: number) => new Set(textOf(on(i, 'met')).trim().split('\n'))

  beforeEach(async () => {
    state.at = scene.project.root
    scene.project.write({ 'serve.sh': serve, faults: '', good: '', said: '' })
    // Both projects have the same variables.
    const config = JSON.parse(textOf(join(scene.project.root, 'deploy.config.json')))
    for (const [project, host] of [
      [scene.project, undefined],
      [scene.other, (i: number) => ({ deployTo: scene.project.on(i) })],
    ] as const)
      project.configure(
        { source: { dir: 'site' }, restart: config.restart, health: config.health, env: { AT: at() } },
        host,
      )
    await scene.deploy('old')
    alone()
    fresh()
  })
  afterEach(() => {
    for (const i of hosts.all)
      signal(
        running(i).map(id => pid(i, id)),
        'SIGTERM',
      )
  })

  it('runs and is healthy on all hosts before one of them serves it, and the old one runs until the end', async () => {
    expect((await scene.project.run('deploy --json')).code).toBe(0)
    const order = said().map(line => line.split(' ')[1])
    const last = (what: string) => order.lastIndexOf(what)
    expect(order.indexOf('switch')).toBeGreaterThan(Math.max(last('warm'), last('ready')))
    expect(order.indexOf('cool')).toBeGreaterThan(last('switch'))
    expect(order.filter(what => what === 'ready')).toHaveLength(6)
    alone()
    await scene.consistent()
  })

  it.each(['ready', ...exhaustive(['warm'])])('that fails in %s on one host is met by nobody, with 3', async what => {
    faults(`h2 ${what}`)
    const old = hosts.all.map(i => pid(i, release(i)))
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('no ')
    expect(said().filter(line => line.endsWith('switch'))).toEqual([])
    expect(hosts.all.map(i => pid(i, release(i)))).toEqual(old)
    alone()
    expect(scene.project.releases(1)).toHaveLength(1)
  })

  exhaustively('that its bake finds bad goes back by a switch to processes that never stopped, with 5', async () => {
    const { restart, health, env } = JSON.parse(textOf(join(scene.project.root, 'deploy.config.json')))
    const count = `for i in ${hosts.all.join(' ')}; do ls "$AT/h$i" | grep -c '^pid[.]'; done >"$AT/ran"`
    const bake = { for: '1m', every: '1s', check: `${count}; exit 1` }
    scene.project.configure({ source: { dir: 'site' }, restart, health, env, rollout: { bake } })
    const old = hosts.all.map(i => pid(i, release(i)))
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(5)
    expect(textOf(join(at(), 'ran'))).toBe('2\n'.repeat(hosts.all.length))
    expect(hosts.all.map(i => pid(i, release(i)))).toEqual(old)
    expect(hosts.all.map(i => met(i).size)).toEqual(hosts.all.map(() => 2))
    alone()
    await scene.consistent()
  })

  exhaustively('that dies after it was healthy is asked once more before the swap, with 3', async () => {
    // All three were ready when the last one makes itself ready to switch.
    const held = startHeld(scene.project, 'deploy', { kind: 'lay', k: 3, when: 'before' })
    expect(await held.reached()).toBe(true)
    for (const id of running(2)) if (id !== release(2)) process.kill(pid(2, id))
    held.resume()
    const { code, stderr } = await held.ended
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('it was ready, and is no more')
    expect(said().filter(line => line.endsWith('switch'))).toEqual([])
    alone()
  })

  it('whose switch fails on one host leaves the traffic to processes that never stopped, with 5', async () => {
    faults('h2 switch')
    const old = hosts.all.map(i => pid(i, release(i)))
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(5)
    expect(hosts.all.map(i => version(scene.project, i))).toEqual(['old', 'old', 'old'])
    expect(hosts.all.map(i => pid(i, release(i)))).toEqual(old)
    expect(met(2).size).toBe(1)
    alone()
  })

  exhaustively('goes back by one word to all hosts, as it came', async () => {
    faults('h2 look')
    const old = hosts.all.map(i => pid(i, release(i)))
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(5)
    expect(stderr).toMatch(/3\/3 hosts are back, switched in [\d.]+ ms/)
    expect(hosts.all.map(i => pid(i, release(i)))).toEqual(old)
    // Each was told once to go back, by the word.
    for (const i of hosts.all) expect(said().filter(line => line === `h${i} switch`)).toHaveLength(2)
    alone()
    await scene.consistent()
  })

  exhaustively('goes back where it can while a host that hangs cannot', async () => {
    faults('h2 look')
    hosts.stopAt(3, 1, 'mv -f *stage/revert/current *', 'pause')
    const old = release(1)
    const deploy = scene.project.run('deploy --json')
    await vi.waitFor(() => expect(hosts.stopped(3)).toBe(true), 300_000)
    await vi.waitFor(() => expect([1, 2].map(i => textOf(on(i, 'traffic')).trim())).toEqual([old, old]), 15_000)
    hosts.unstop()
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(5)
    alone()
    await scene.consistent()
  })

  exhaustively('goes back without a word on a host that cannot get ready for it', async () => {
    faults('h2 look')
    hosts.stopAt(3, 2, 'mv -f *switch.new*', 'kill')
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(hosts.stopped(3)).toBe(true)
    expect(code, stderr).toBe(5)
    expect(stderr).toMatch(/3\/3 hosts are back, 2 of them switched in [\d.]+ ms/)
    hosts.unstop()
    alone()
    await scene.consistent()
  })

  exhaustively('whose old processes cannot be ended is served all the same, and a repair ends them', async () => {
    faults('h2 cool')
    const { code, json, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('h2: processes that were to be ended may still run')
    expect(json().exitCode).toBe(0)
    expect((await scene.other.run('status --json')).json().hosts[1]).toMatchObject({ verdict: 'warm' })
    faults()
    await scene.repair(['new'])
    alone()
    await scene.consistent()
  })

  exhaustively('whose old processes cannot be ended refuses no rollback', async () => {
    faults('h2 cool')
    expect((await scene.project.run('deploy --json')).code).toBe(0)
    expect(noted(scene.project, 2)).toBe(true)
    const { code, json, stderr } = await scene.project.run('rollback --yes --json')
    expect(code, stderr).toBe(0)
    const still = expect.stringContaining('h2: processes that were to be ended may still run')
    expect(json().warnings).toEqual(expect.arrayContaining([still]))
    alone()
    await scene.consistent()
  })

  exhaustively.each([
    ['switch', 3] as const,
    ['warm', 1] as const,
    ['lay', 2] as const,
    ['rename', 1] as const,
    ['switch', 1] as const,
    ['confirm', 2] as const,
    ['cool', 1] as const,
  ])('whose controller dies after message %s %i is ended or finished by a repair', async (kind, k) => {
    const held = startHeld(scene.project, 'deploy', { kind, k, when: 'after' })
    expect(await held.reached()).toBe(true)
    held.child.kill('SIGKILL')
    await held.ended
    await hosts.letTimePass(scene.folders)
    const decided = kind === 'confirm' || kind === 'cool'
    if (!decided) for (const i of hosts.all) expect(textOf(on(i, 'traffic')).trim(), `h${i}`).toBe(release(i))
    await scene.repair(decided ? ['old', 'new'] : ['old'])
    alone()
    await scene.deploy('newer')
    alone()
    await scene.consistent()
  })

  exhaustively(
    'whose controller dies when it has the traffic is put back by a repair, by one word to all hosts',
    async () => {
      const old = hosts.all.map(i => pid(i, release(i)))
      const held = startHeld(scene.project, 'deploy', { kind: 'switch', k: 3, when: 'after' })
      expect(await held.reached()).toBe(true)
      await vi.waitFor(() => expect(hosts.all.map(i => met(i).size)).toEqual([2, 2, 2]), 60_000)
      held.child.kill('SIGKILL')
      await held.ended
      const began = said().length
      const { stderr } = await scene.repair(['old'])
      expect(stderr).toMatch(/3\/3 hosts are back, switched in [\d.]+ ms/)
      const switched = said()
        .slice(began)
        .filter(line => line.endsWith(' switch'))
      expect(switched.toSorted()).toEqual(['h1 switch', 'h2 switch', 'h3 switch'])
      expect(hosts.all.map(i => pid(i, release(i)))).toEqual(old)
      alone()
      await scene.consistent()
    },
  )

  exhaustively.each([
    ['mv -f *clonedeploy/warm', 'kill', 3],
    ['mv -f *switch', 'kill', 3],
    ['touch -d *until', 'kill', 5],
    ['touch -d *until', 'hang', 5],
    ['rm -f .clonedeploy/warm', 'kill', 0],
  ] as const)('on a host that stops at %s (%s) ends in %i', async (pattern, how, code) => {
    hosts.stopAt(2, 1, pattern, how)
    const ended = await scene.project.run('deploy --json')
    expect(hosts.stopped(2)).toBe(true)
    expect(ended.code, ended.stderr).toBe(code)
    hosts.unstop()
    await scene.ends(code === 0 ? ['new'] : ['old'])
    alone()
  })

  exhaustively.each([
    ['before the swap, when all are ready', { kind: 'lay', k: 3, when: 'after' }, 3],
    ['between the swap and the switch', { kind: 'switch', k: 1, when: 'before' }, 6],
  ] as const)('meets nobody on a host that is cut off %s', async (_, at, code) => {
    const held = startHeld(scene.project, 'deploy --json', at)
    expect(await held.reached()).toBe(true)
    const [old = ''] = met(2)
    hosts.fleet.partition(2)
    held.resume()
    const ended = await held.ended.finally(() => hosts.fleet.heal(2))
    expect(ended.code, ended.stderr).toBe(code)
    await scene.ends(['old'])
    expect([...met(2)]).toEqual([old, release(2)])
    alone()
  })
})
