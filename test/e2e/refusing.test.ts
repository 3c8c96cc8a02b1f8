import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contents, inodes, writeFiles } from '../support/files.js'
import { four as all, onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a deploy that is refused with 3', () => {
  const here = onFleet({ hosts: 4 })
  const trees = () => all.map(i => inodes(here.project.on(i)))

  /** The deploy ends with 3 and says this; nothing on any host was touched. */
  async function refused(...sentences: readonly string[]): Promise<void> {
    const before = trees()
    const { code, stderr, json } = await here.project.run('deploy --json')
    expect(code).toBe(3)
    for (const sentence of sentences) expect(stderr).toContain(sentence)
    expect(json()).toMatchObject({ v: 1, command: 'deploy', result: 'aborted', exitCode: 3 })
    expect(trees()).toEqual(before)
  }

  it.each([
    ['is a folder', { 'current/file': 'mine\n' }, 'current is a directory, not a link'],
    ['is a file', { current: 'mine\n' }, 'current is a file, not a link'],
    ['dangles', { current: { link: 'releases/gone' } }, 'current dangles: releases/gone does not exist'],
  ])('where `current` of one host %s', async (_, files, sentence) => {
    writeFiles(here.project.on(2), files)
    await refused('h2', sentence, 'Nothing was changed.')
  })

  it('where one host is not reachable', async () => {
    await here.fleet.stopHost(4)
    await refused('h4', 'Nothing was changed.').finally(() => here.fleet.startHost(4))
    for (const i of all) expect(contents(here.project.on(i))).toEqual({})
  })

  it.each(['unknown', 'changed'])('where the host key of one host is %s', async kind => {
    const { project, fleet } = here
    const known = readFileSync(fleet.knownHosts, 'utf8').split('\n')
    const mine = `[127.0.0.1]:${fleet.port(3)} `
    const key = join(project.root, 'other')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const other = readFileSync(`${key}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
    const rest = known.filter(line => !line.startsWith(mine))
    writeFileSync(
      join(project.root, 'known_hosts'),
      [...rest, ...(kind === 'changed' ? [mine + other] : []), ''].join('\n'),
    )
    project.configure({}, () => ({ knownHosts: join(project.root, 'known_hosts') }))
    await refused('h3', kind === 'changed' ? 'HOST KEY CHANGED' : 'is not trusted', 'Nothing was changed.')
    expect(readFileSync(join(project.root, 'known_hosts'), 'utf8')).not.toContain(
      `${mine}ssh-ed25519 ${readFileSync(fleet.hostKeyFile(3), 'utf8').split(' ')[1]}`,
    )
  })

  it('where the key is not accepted by any host', async () => {
    const { project, fleet } = here
    const key = join(project.root, 'stranger')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    copyFileSync(fleet.sshConfigFile, join(project.root, 'ssh_config'))
    const config = readFileSync(fleet.sshConfigFile, 'utf8').replaceAll(fleet.identityFile, key)
    writeFileSync(join(project.root, 'ssh_config'), config)
    project.configure({ ssh: { configFile: join(project.root, 'ssh_config') } })
    await refused('4 of 4 hosts cannot be reached. Nothing was changed.')
  })

  it('where shared files are missing, each with its host', async () => {
    here.project.configure({ shared: { files: ['.env', 'config/keys'] } })
    writeFiles(here.project.on(1), { 'shared/.env': '', 'shared/config/keys': '' })
    writeFiles(here.project.on(2), { 'shared/.env': '' })
    await refused(
      'h2  shared/config/keys does not exist',
      'h3  shared/.env does not exist',
      'h3  shared/config/keys does not exist',
      'h4  shared/.env does not exist',
      '5 problems on 3 hosts. Nothing was changed.',
    )
  })

  it('where others may write the records of one host', async () => {
    await here.project.deployed('one')
    const records = here.project.on(2, '.clonedeploy')
    chmodSync(records, 0o777)
    await refused('h2: .clonedeploy may be written by others (mode 777): what it says is not believed.')
    const { code, stdout } = await here.project.run('status')
    expect([code, stdout]).toEqual([6, expect.stringContaining('DAMAGED')])
    const fix = /fix: chown .* && (chmod .*?) {5}\(on h2/.exec(stdout)?.[1] ?? ''
    execFileSync('sh', ['-c', fix])
    expect(statSync(records).mode & 0o777).toBe(0o700)
    await here.project.deployed('two')
  })

  it('where deployTo is a file', async () => {
    writeFiles(here.fleet.folder(1), { 'a-file': '' })
    here.project.configure({}, i => (i === 1 ? { deployTo: join(here.fleet.folder(1), 'a-file') } : {}))
    await refused('a-file is not a folder')
  })

  it('where a secret cannot be read', async () => {
    here.project.configure({ secrets: { TOKEN: { env: 'NOT_SET_ANYWHERE' } } })
    const before = trees()
    const { code, stderr } = await here.project.run('deploy --json')
    expect([2, 3]).toContain(code)
    expect(stderr).toContain('NOT_SET_ANYWHERE')
    expect(trees()).toEqual(before)
  })

  it('where two hosts are the same folder of the same machine', async () => {
    const { project, fleet } = here
    const address = { host: '127.0.0.1', port: fleet.port(3), user: userInfo().username }
    const keys = { identityFile: fleet.identityFile, knownHosts: fleet.knownHosts }
    project.configure({}, i => (i === 4 ? { ...address, ...keys, deployTo: project.on(3) } : {}))
    const sentence = `it is the machine of h3, and both deploy to ${project.on(3)}`
    await refused(`h4: ${sentence}. Nothing was changed.`)
    expect(await project.run('deploy --dry-run')).toMatchObject({ code: 3, stdout: expect.stringContaining(sentence) })
    const { code, json } = await project.run('check --json')
    expect([code, json().problems]).toEqual([3, [expect.objectContaining({ host: 'h4', text: sentence })]])
    for (const i of all) expect(contents(project.on(i))).toEqual({})
  })
})

describe.skipIf(!sshdIsHere())('a deploy', () => {
  const here = onFleet({ hosts: 2 })

  it('into a folder that every account may write in is warned of, and so is check', async () => {
    for (const [i, mode] of [
      [1, 0o777],
      [2, 0o755],
    ] as const) {
      mkdirSync(here.project.on(i))
      chmodSync(here.project.on(i), mode)
    }
    const sentence = `h1: every account there may write in ${here.project.on(1)}, and so decide what is served`
    const { code, stderr } = await here.project.run('deploy')
    expect([code, stderr]).toEqual([0, expect.stringContaining(sentence)])
    const { warnings } = (await here.project.run('check --json')).json()
    expect(warnings.filter((text: string) => text.includes('every account'))).toEqual([
      expect.stringContaining(sentence),
    ])
    await here.project.run('lock')
    const refused = await here.project.run('deploy --json')
    expect([refused.code, refused.json().warnings]).toEqual([4, [expect.stringContaining(sentence)]])
  })
})
