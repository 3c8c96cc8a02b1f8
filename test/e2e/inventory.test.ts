import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { all, onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('an inventory by command', () => {
  const here = onFleet({
    hosts: all.length,
    // Ansible's hosts have one deployTo: each host has a /mnt of its own.
    world: (_, { folder }) => [`mount --bind '${folder}' /mnt`],
    sshConfig: ({ dir }) => ['Host 127.0.0.1', `  UserKnownHostsFile ${dir}/known_hosts`],
  })

  /** What Ansible would print of the fleet: reached by address, with the last host as a jump host to the first. */
  function ansible(hosts: readonly number[] = all): object {
    const { fleet } = here
    const variables = (i: number) => ({
      ansible_host: '127.0.0.1',
      ansible_port: fleet.port(i),
      ansible_ssh_private_key_file: fleet.identityFile,
      ...(i === 1 ? { ansible_ssh_common_args: '-o StrictHostKeyChecking=no -o ProxyJump=h3' } : {}),
    })
    const named = hosts.map(i => [`web-${i}`, variables(i)] as const)
    const [first = '', ...others] = named.map(([name]) => name)
    return { _meta: { hostvars: Object.fromEntries(named) }, web: { hosts: others }, lead: { hosts: [first] }, all: {} }
  }

  /** A project whose hosts are listed by what this script does. */
  function listing(script: string, more: object = {}): void {
    const { project } = here
    project.write({ 'list.sh': `touch asked\n${script}\n` })
    project.configure({ hosts: { command: 'sh ./list.sh', ...more }, deployTo: deployTo() })
  }

  function deployTo(): string {
    return `/mnt/${here.project.on(1).split('/').at(-1)}`
  }

  function print(value: object): string {
    return `cat <<'END'\n${JSON.stringify(value)}\nEND`
  }

  it('is what is deployed to, with its addresses, keys, jump hosts and groups', async () => {
    const { project, fleet } = here
    listing(`echo 'one plugin is old' >&2\n${print(ansible())}`)
    const before = fleet.contacts(3)
    const { code, stderr, json } = await project.run('deploy --json')
    expect([code, stderr]).toEqual([0, expect.stringContaining('| one plugin is old\n')])
    expect(json().hosts.map((host: { name: string }) => host.name)).toEqual(['web-1', 'web-2', 'web-3'])
    expect(new Set(all.map(i => project.current(i))).size).toBe(1)
    expect(fleet.contacts(3) - before).toBeGreaterThan(1)
    const ran = await project.run('run --role lead -- cat current/version')
    expect([ran.code, ran.stdout.match(/^web-\d/gm)]).toEqual([0, ['web-1']])
    const status = await project.run('status --json')
    expect([status.code, status.json().result]).toEqual([0, 'consistent'])
  })

  it('that fails is told with its reason, and no host is contacted', async () => {
    const { project, fleet } = here
    listing('echo "no credentials for eu-1" >&2; exit 4')
    const before = all.map(fleet.contacts)
    const { code, stderr, json } = await project.run('deploy --json')
    expect(code).toBe(3)
    expect(stderr).toContain('✖ The hosts are not known: `sh ./list.sh` ended with exit code 4. Nothing was changed.\n')
    expect(stderr).toContain('  no credentials for eu-1\n')
    expect(json()).toMatchObject({ result: 'aborted', exitCode: 3, changed: 'nothing', hosts: [] })
    expect(all.map(fleet.contacts)).toEqual(before)
  })

  it('is not run offline', async () => {
    const { project } = here
    listing(print(ansible()))
    const { code, stdout } = await project.run('deploy --dry-run --offline')
    expect([code, existsSync(join(project.root, 'asked'))]).toEqual([0, false])
    expect(stdout).toContain('the hosts are not known: offline, sh ./list.sh is not run\n')
    const all = await project.run('config')
    expect([all.code, existsSync(join(project.root, 'asked'))]).toEqual([0, true])
  })

  it('is left by Ctrl-C with all that it has started', async () => {
    const { project } = here
    listing('sleep 300 & wait')
    const run = project.start('status')
    while (!existsSync(join(project.root, 'asked'))) await new Promise(resolve => setTimeout(resolve, 20))
    run.child.kill('SIGINT')
    const { code, stderr } = await run.ended
    expect([code, stderr]).toEqual([130, expect.stringContaining('✖ Stopped by Ctrl-C.')])
  })

  describe('that has lost hosts of the fleet', () => {
    /** Three hosts with a release, of which these are still listed. */
    async function deployedTo(listed: readonly number[]): Promise<void> {
      const { project } = here
      listing(print(ansible()))
      await project.deployed('one')
      listing(print(ansible(listed)))
      project.write({ 'app/version': 'two\n' })
    }

    const serving = () => all.map(i => here.project.current(i))

    it('tells of one, and goes on', async () => {
      const { project } = here
      await deployedTo([1, 2])
      const says =
        'web-3 is no longer listed: it was in the inventory at the last run, and what runs there stays as it is'
      const status = await project.run('status --json')
      expect([status.code, status.json()]).toMatchObject([0, { result: 'consistent', unlisted: ['web-3'] }])
      expect((await project.run('check --json')).json().warnings).toContain(says)
      expect((await project.run('deploy --dry-run --json')).json().warnings).toContain(says)
      const before = serving()
      const { code, json } = await project.run('deploy --json')
      expect([code, json().warnings]).toEqual([0, expect.arrayContaining([says])])
      expect(serving()[2]).toBe(before[2])
      expect((await project.run('status --json')).json().unlisted).toBeUndefined()
    })

    it.each(['deploy', ...exhaustive(['rollback', 'repair', 'join'])])('asks about most: %s', async command => {
      const { project } = here
      await deployedTo([1])
      const before = serving()
      const { code, stderr, json } = await project.run(`${command} --yes --json`)
      expect([code, json().changed]).toEqual([2, 'nothing'])
      expect(stderr).toContain(
        '✖ `sh ./list.sh` lists 1 host, and 2 that the fleet had no more: that is most of the fleet, so it needs a decision.',
      )
      expect(json().details).toEqual(['no longer listed  web-2 and web-3'])
      expect(json().next[0]).toBe(`if they are gone: clonedeploy ${command} --yes --json --lost-hosts 2`)
      expect(serving()).toEqual(before)
    })

    exhaustively('goes on without most when it is told how many', async () => {
      const { project } = here
      await deployedTo([1])
      expect((await project.run('deploy --lost-hosts 2')).code).toBe(2)
      expect((await project.run('deploy --yes --lost-hosts 1')).code).toBe(2)
      expect((await project.run('deploy --dry-run')).code).toBe(0)
      const before = serving()
      expect((await project.run('deploy --yes --lost-hosts 2')).code).toBe(0)
      expect(serving().map((id, i) => id === before[i])).toEqual([false, true, true])
    })

    it.each([
      ...exhaustive([['n', 3, true] as const]),
      ['y', 0, false],
    ] as const)('asks on a terminal, where the answer is %s', async (answer, code, stays) => {
      const { project } = here
      await deployedTo([1])
      const [before] = serving()
      const ended = await onTerminal(project.root, 'deploy --yes', [['web-2 and web-3. Go on without them?', answer]])
      expect([ended.code, serving()[0] === before]).toEqual([code, stays])
    })

    exhaustively('is asked about by no list that somebody wrote', async () => {
      const { project } = here
      await project.deployed('one')
      const [first] = here.fleet.hosts
      project.configure({ hosts: [{ name: first?.name, deployTo: project.on(1) }] })
      const again = await project.run('deploy --force')
      expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('h2 and h3 are no longer listed')])
    })
  })
})
