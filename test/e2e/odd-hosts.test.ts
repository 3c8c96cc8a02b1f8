import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { installed } from '../support/installed.js'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

const noise = 'echo Welcome to SHELL; echo beware of SHELL >&2'
/** Login shells, each with a start-up file that it reads when sshd starts it: sshd runs `SHELL -c COMMAND`. */
const shells = [
  ['bash', '.bashrc', noise],
  ['dash', '.profile', ''],
  ...exhaustive([
    ['zsh', '.zshenv', noise],
    ['fish', '.config/fish/config.fish', noise],
    ['tcsh', '.tcshrc', 'echo Welcome to SHELL; sh -c "echo beware of SHELL >&2"'],
  ] as const),
] as const
const THREE_SESSIONS = shells.length + 1
const RESTRICTED = shells.length + 2
const all = Array.from({ length: shells.length + 2 }, (_, n) => n + 1)

describe.skipIf(!sshdIsHere())(`hosts with odd logins (${shells.map(([shell]) => shell).join(', ')} …)`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-odd-'))
  const configOf = (i: number) => {
    const [shell] = shells[i - 1] ?? []
    if (shell) return [`ForceCommand env -u SHLVL HOME=${dir}/${shell} ${installed(shell)} -c "$SSH_ORIGINAL_COMMAND"`]
    return i === THREE_SESSIONS ? ['MaxSessions 3'] : [`AuthorizedKeysFile ${dir}/restricted`]
  }
  const here = onFleet({ hosts: all.length, sshdConfig: configOf })
  const current = () => all.map(i => here.project.current(i))

  beforeAll(() => {
    for (const [shell, file, text] of shells) {
      mkdirSync(dirname(join(dir, shell, file)), { recursive: true })
      writeFileSync(join(dir, shell, file), `${text.replaceAll('SHELL', shell)}\n`)
    }
    writeFileSync(join(dir, 'restricted'), `restrict ${readFileSync(join(here.fleet.dir, 'client.pub'), 'utf8')}`)
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  it('are deployed to, checked, and put back together when one of them fails', async () => {
    const { project } = here
    const one = await project.deployed('one')
    expect(current()).toEqual(all.map(() => `releases/${one}`))
    const health = { run: 'grep -q one version || [ "$CLONEDEPLOY_HOST" != h4 ]', timeout: '2s' }
    project.configure({ health })
    project.write({ 'app/version': 'two\n' })
    const { code, json } = await project.run('deploy --json')
    expect([code, json().result]).toEqual([5, 'put-back'])
    expect(current()).toEqual(all.map(() => `releases/${one}`))
    project.configure()
    expect((await project.run('status --verify')).code).toBe(0)
  })

  exhaustively('say what a command says, and nothing of their own', async () => {
    const { project } = here
    await project.deployed('one')
    const { code, stdout, stderr } = await project.run('run -- cat current/version')
    expect(stdout.trimEnd().split('\n').sort()).toEqual(all.map(i => `h${i} | one`))
    expect([code, stderr]).toEqual([0, ''])
  })

  it('that restrict the key do all but let health checks through, which `check` says', async () => {
    const { project } = here
    project.configure({ health: { url: 'http://127.0.0.1:9/up' } })
    const { code, json } = await project.run('check --json')
    expect(code).toBe(3)
    expect(json().problems).toEqual([
      {
        host: `h${RESTRICTED}`,
        text: 'its sshd does not let us forward to 127.0.0.1:9, which the health check GET http://127.0.0.1:9/up needs',
        fix: "AllowTcpForwarding yes, and no `restrict` on the key; or check by a command: health: { run: 'curl -fsS http://127.0.0.1:9/up' }",
      },
    ])
    const dry = await project.run('deploy --dry-run --json')
    expect([dry.code, JSON.stringify(dry.json().problems)]).toEqual([
      3,
      expect.stringContaining('forward to 127.0.0.1:9'),
    ])
  })

  it('never get our agent, even when the ssh configuration forwards it', async () => {
    const { project, fleet } = here
    const socket = join(project.root, 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await once(agent.stdout, 'data')
      const config = join(project.root, 'ssh_config')
      writeFileSync(config, `Host *\n  ForwardAgent yes\n${readFileSync(fleet.sshConfigFile, 'utf8')}`)
      project.configure({ ssh: { configFile: config } })
      mkdirSync(project.on(1), { recursive: true })
      const env = { SSH_AUTH_SOCK: socket }
      const { code, stdout } = await project.run('run --only h1 -- echo [$SSH_AUTH_SOCK]', { env })
      expect([code, stdout]).toEqual([0, 'h1 | []\n'])
    } finally {
      agent.kill()
    }
  })
})
