import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'

describe.skipIf(!sshdIsHere())('an encrypted key that no agent holds', () => {
  const here = onFleet({ hosts: 3 })
  let key: string
  const ask = () => `Passphrase of ${key}`
  const times = (text: string, screen: string) => screen.split(text).length - 1
  const logIn = (...identities: readonly string[]) => {
    const { project, fleet } = here
    const config = join(project.root, 'ssh_config')
    const files = identities.map(file => `IdentityFile ${file}`).join('\n  ')
    writeFileSync(config, readFileSync(fleet.sshConfigFile, 'utf8').replaceAll(/IdentityFile .*/g, files))
    project.configure({ ssh: { configFile: config } })
  }

  beforeAll(() => {
    key = join(here.fleet.dir, 'locked')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', key])
    appendFileSync(join(here.fleet.dir, 'client.pub'), readFileSync(`${key}.pub`))
  })
  beforeEach(() => logIn(key))

  it('is asked for once for the whole fleet, and not shown', async () => {
    const { code, screen } = await onTerminal(here.project.root, 'deploy', [[ask(), 'open sesame\r']])
    expect(screen).toContain('✔ Deployed')
    expect(code).toBe(0)
    expect(screen).not.toContain('sesame')
    expect(times('That was not it', screen)).toBe(0)
  })

  exhaustively('is asked for again when it was wrong', async () => {
    const { code } = await onTerminal(here.project.root, 'check', [
      [ask(), 'close sesame\r'],
      ['That was not it (1 of 3).', 'open\r'],
      ['That was not it (2 of 3).', 'open sesame\r'],
    ])
    expect(code).toBe(0)
  })

  exhaustively('is given up after three wrong passphrases', async () => {
    const wrong = [ask(), 'That was not it (1 of 3).', 'That was not it (2 of 3).'].map(text => [text, 'no\r'] as const)
    const { code, screen } = await onTerminal(here.project.root, 'deploy', wrong)
    expect(screen).toContain(`${key} is encrypted, and 3 passphrases were wrong`)
    expect(code).toBe(3)
  })

  it('is given up when nobody wants to tell', async () => {
    const { code, screen } = await onTerminal(here.project.root, 'deploy', [[ask(), '\u0003']])
    expect(screen).toContain(`${key} is encrypted, and its passphrase was not given`)
    expect(code).toBe(3)
  })

  it('is not asked for where another key is taken', async () => {
    logIn(key, here.fleet.identityFile)
    const { code, screen } = await onTerminal(here.project.root, 'check', [])
    expect([code, times('Passphrase', screen)]).toEqual([0, 0])
  })

  exhaustively('is asked for where the other key is refused', async () => {
    const stranger = join(here.project.root, 'stranger')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger])
    logIn(stranger, key)
    const { code } = await onTerminal(here.project.root, 'check', [[ask(), 'open sesame\r']])
    expect(code).toBe(0)
  })

  it('is not asked for without a terminal: ssh-add is named', async () => {
    const { code, stderr } = await here.project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain(`${key} is encrypted, and no agent holds it`)
    expect(stderr).toContain(`  ssh-add ${key}\n`)
  })
})
