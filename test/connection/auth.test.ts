import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import type { Host } from '../../src/inventory/host.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('logging in', () => {
  let fleet: TestFleet
  let agent: { socket: string; stop: () => void }
  let address: string

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: 3,
      sshdConfig: i =>
        i === 2
          ? ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes']
          : i === 3
            ? ['MaxAuthTries 2']
            : [],
    })
    address = `127.0.0.1:${fleet.port(1)}`
    agent = await startAgent(join(fleet.dir, 'agent.sock'))
  })
  afterAll(async () => {
    agent.stop()
    await fleet.stop()
  })
  beforeEach(() => agentHolds())

  async function startAgent(socket: string) {
    const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(child.stdout, 'data')
    return { socket, stop: () => void child.kill() }
  }
  const add = (...args: string[]) =>
    execFileSync('ssh-add', ['-q', ...args], { env: { ...process.env, SSH_AUTH_SOCK: agent.socket }, stdio: 'ignore' })
  const agentHolds = (...keys: readonly string[]) => {
    add('-D')
    if (keys.length > 0) add(...keys)
  }
  const newKey = (name: string, passphrase = '', type = 'ed25519') => {
    const file = join(fleet.dir, name)
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', file])
    return file
  }
  const fingerprintOf = (file: string) => execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1]
  const authorized = (file: string) => {
    appendFileSync(join(fleet.dir, 'client.pub'), readFileSync(`${file}.pub`))
    return file
  }
  let configs = 0
  const connect = async (lines: readonly string[], extra: Partial<Host> = {}, i = 1) => {
    configs += 1
    const configFile = join(fleet.dir, `login-${configs}`)
    const own = readFileSync(fleet.sshConfigFile, 'utf8').replace(/^ {2}Identit.*\n/gm, '')
    writeFileSync(configFile, `Host *\n${lines.map(line => `  ${line}\n`).join('')}${own}`)
    const connection = await connectSsh({ configFile, connectTimeout: 10_000, concurrency: 32 })(
      { ...fleet.host(i), ...extra },
      { timeout: 10_000 },
    )
    connection.close()
    return connection.facts.auth
  }
  const refused = (lines: readonly string[], extra: Partial<Host> = {}, i = 1) =>
    connect(lines, extra, i).then(
      auth => ({ auth }) as never,
      error => ({ kind: error.kind, message: error.message, details: error.details, next: error.next }),
    )

  it('takes a key file, and says which', async () => {
    expect(await connect([`IdentityFile ${fleet.identityFile}`, 'IdentityAgent none'])).toBe(fleet.identityFile)
  })

  it('takes the key file that the inventory names, and no other', async () => {
    const other = newKey('inventory')
    expect(await connect([`IdentityFile ${other}`], { identityFile: fleet.identityFile })).toBe(fleet.identityFile)
    expect(await refused([`IdentityFile ${fleet.identityFile}`], { identityFile: other })).toMatchObject({
      kind: 'auth',
    })
  })

  it.each(['ed25519', 'ecdsa', 'rsa'])('takes an %s key from the agent, and says which', async type => {
    const file = authorized(newKey(`agent-${type}`, '', type))
    agentHolds(file)
    const auth = await connect([`IdentityAgent ${agent.socket}`, 'IdentityFile none'])
    expect(auth).toBe(`agent ${type.toUpperCase()} ${fingerprintOf(file)}`)
  })

  it('takes an encrypted key that the agent holds, before other keys of the agent', async () => {
    const plain = authorized(newKey('opened'))
    agentHolds(newKey('w1'), newKey('w2'), newKey('w3'), newKey('w4'), newKey('w5'), newKey('w6'), plain)
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', plain], { stdio: 'ignore' })
    execFileSync('rm', [`${plain}.pub`])
    const auth = await connect([`IdentityAgent ${agent.socket}`, `IdentityFile ${plain}`])
    expect(auth).toBe(`agent ED25519 ${fingerprintOf(plain)}`)
  })

  it('takes the agent key whose public half is named', async () => {
    const file = authorized(newKey('half'))
    agentHolds(newKey('before'), file)
    const auth = await connect([`IdentityAgent ${agent.socket}`, `IdentityFile ${file}.pub`, 'IdentitiesOnly yes'])
    expect(auth).toBe(`agent ED25519 ${fingerprintOf(file)}`)
  })

  it('shows no other keys of the agent with IdentitiesOnly', async () => {
    agentHolds(newKey('unnamed-1'), newKey('unnamed-2'))
    const before = fleet.log(1).length
    const lines = [`IdentityAgent ${agent.socket}`, 'IdentitiesOnly yes', `IdentityFile ${fleet.identityFile}`]
    expect(await connect(lines)).toBe(fleet.identityFile)
    expect(fleet.log(1).slice(before)).not.toMatch(/Failed publickey/)
  })

  it('goes on to a key file when the agent is dead', async () => {
    const lines = [`IdentityAgent ${fleet.dir}/dead.sock`, `IdentityFile ${fleet.identityFile}`]
    expect(await connect(lines)).toBe(fleet.identityFile)
  })

  it('goes on to the next key when the agent will not sign', async () => {
    const unsigned = authorized(newKey('unsigned'))
    add('-c', unsigned)
    const lines = [`IdentityAgent ${agent.socket}`, `IdentityFile ${fleet.identityFile}`]
    expect(await connect(lines)).toBe(fleet.identityFile)
  })

  it('says that the agent would not sign', async () => {
    const file = authorized(newKey('never-signed'))
    add('-c', file)
    const error = await refused([`IdentityAgent ${agent.socket}`, 'IdentityFile none'])
    expect(error).toMatchObject({ kind: 'auth', message: 'h1 cannot be logged in to: the agent would not sign' })
    const key = `agent ED25519 ${fingerprintOf(file)}`
    expect(error.details).toContain(`${key} was not signed with: Agent responded with failure`)
    expect(error.next[0]).toBe('ssh-add -l')
  })

  it.each([
    ['FIDO key', 'sk-ssh-ed25519@openssh.com AAAA', 'it is a FIDO key'],
    ['certificate', 'ssh-ed25519-cert-v01@openssh.com AAAA', 'it is a certificate'],
  ])('says that a %s was skipped', async (what, text, reason) => {
    const file = join(fleet.dir, `beyond-${what.length}`)
    writeFileSync(file, `${text} somebody\n`)
    const error = await refused([`IdentityFile ${file}`, 'IdentityAgent none'])
    expect(error.details).toContain(`${file} was skipped: ${reason}, which the built-in SSH cannot log in with`)
  })

  it('says that the certificate beside a key was skipped', async () => {
    const [authority, file] = [newKey('authority'), newKey('certified')]
    execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', 'root', `${file}.pub`])
    const why = 'was skipped: it is a certificate, which the built-in SSH cannot log in with'
    const inFile = await refused([`IdentityFile ${file}`, 'IdentityAgent none'])
    expect(inFile.details).toContain(`${file}-cert.pub ${why}`)
    expect(inFile.next[0]).toMatch(/^ssh: { transport: 'auto' }, the default, has the system's ssh do it/)
    agentHolds(file)
    const inAgent = await refused([`IdentityAgent ${agent.socket}`, 'IdentityFile none'])
    expect(inAgent.details).toContain(`agent certified ${why}`)
  })

  it('says which keys a host refused', async () => {
    const wrong = newKey('wrong')
    agentHolds(wrong)
    const error = await refused([`IdentityAgent ${agent.socket}`, 'IdentityFile none'])
    expect(error).toMatchObject({ kind: 'auth', message: 'h1 refused the key' })
    expect(error.details).toEqual([
      `login  ${process.env.USER ?? 'root'}@h1 (${address})`,
      `tried  agent ED25519 ${fingerprintOf(wrong)}`,
      'the host takes  publickey',
    ])
    expect(error.next.at(-1)).toMatch(/^ssh -v -F .* -p \d+ \w+@h1 {5}must log in without a question$/)
  })

  it('tries no more keys than a host allows', async () => {
    const wrong = Array.from({ length: 7 }, (_, n) => newKey(`many-${n}`))
    agentHolds(...wrong)
    const error = await refused([`IdentityAgent ${agent.socket}`, 'IdentityFile none'])
    expect(error).toMatchObject({ kind: 'auth', message: 'h1 refused the keys' })
    expect(error.details.filter((line: string) => line.includes('was not tried'))).toHaveLength(2)
    expect(error.next[0]).toContain('IdentitiesOnly yes')
  })

  it('says how to name one key where a host allows fewer', async () => {
    agentHolds(...[1, 2, 3].map(n => newKey(`few-${n}`)))
    const error = await refused([`IdentityAgent ${agent.socket}`, 'IdentityFile none'], {}, 3)
    expect([error.kind, error.next[0]]).toEqual(['auth', expect.stringContaining('IdentitiesOnly yes')])
  })

  it('says that a key is encrypted and what to run', async () => {
    const locked = newKey('locked', 'secret')
    const error = await refused([`IdentityFile ${locked}`, 'IdentityAgent none'])
    expect(error).toMatchObject({ kind: 'auth' })
    expect(error.message).toBe('h1 cannot be logged in to: the key is encrypted, and no agent holds it')
    expect(error.details).toContain(`${locked} is encrypted, and no agent holds it`)
    expect(error.next[0]).toBe(`ssh-add ${locked}`)
  })

  it('says that there is no key', async () => {
    const error = await refused([`IdentityFile ${fleet.dir}/absent`, 'IdentityAgent none'])
    expect(error).toMatchObject({ kind: 'auth', message: 'h1 cannot be logged in to: there is no key to try' })
  })

  it('says that a key file is no key', async () => {
    const garbage = join(fleet.dir, 'garbage')
    writeFileSync(garbage, 'no key\n')
    const error = await refused([`IdentityFile ${garbage}`, 'IdentityAgent none'])
    expect(error.details).toContain(`${garbage} Unsupported key format`)
  })

  it.each([
    { where: 'file', says: 'h2 took the key and asks for a second factor, which a deployment cannot give' },
    { where: 'agent', says: 'h2 lets nobody in by a key alone: it asks for password' },
  ])('says that a host wants more than the key from the $where', async ({ where, says }) => {
    agentHolds(fleet.identityFile)
    const from = where === 'file' ? ['IdentityAgent none'] : [`IdentityAgent ${agent.socket}`]
    const error = await refused([...from, `IdentityFile ${fleet.identityFile}`], {}, 2)
    expect(error).toMatchObject({ kind: 'auth', message: says })
    expect(error.details).toContain('the host takes  password')
  })

  it('says who the user was', async () => {
    const error = await refused([`IdentityFile ${fleet.identityFile}`], { user: 'nobody-of-that-name' })
    expect(error.details[0]).toBe(`login  nobody-of-that-name@h1 (${address})`)
  })
})
