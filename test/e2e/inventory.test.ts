import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { all, onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

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
    expect([code, stderr]).toEqual([130, expect.stringContaining('Stopped: stopped by Ctrl-C.')])
  })
})
