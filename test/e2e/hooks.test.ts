import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents } from '../support/files.js'
import { all, both, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('hooks', () => {
  const here = onFleet({ hosts: both.length })
  const at = (name: string) => textOf(join(here.project.root, name))

  exhaustively('of prepare that make different files are a warning where the config says so', async () => {
    const { project } = here
    project.configure({ identical: 'warn', prepare: 'echo "$CLONEDEPLOY_HOST" >made-here' })
    const { code, json } = await project.run('deploy --json')
    expect(code).toBe(0)
    expect(json().warnings).toEqual([
      expect.stringContaining('its files differ from those of the other hosts after the prepare hooks'),
    ])
    for (const i of both) expect(textOf(project.on(i, 'current/made-here'))).toBe(`h${i}\n`)
  })

  it('of prepare see the whole release, and what they make is deployed', async () => {
    const { project } = here
    project.configure({ prepare: ['cp version copied', 'cat copied server.js >both'] })
    await project.deployed('one')
    await project.deployed('two')
    for (const i of both) expect(textOf(project.on(i, 'current/both'))).toBe('two\nserve()\n')
    expect((await project.run('status --verify')).code).toBe(0)
  })

  it('that run once run on one host, when all are ready and none is swapped', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const look = both
      .map(i => `readlink ${project.on(i, 'current')}; ls ${project.on(i, 'releases')} | wc -l`)
      .join('; ')
    project.configure({
      env: { AT: project.root },
      prepare: [
        'echo "$CLONEDEPLOY_HOST" >>"$AT/prepared"',
        { run: `{ echo "$CLONEDEPLOY_HOST"; wc -l <"$AT/prepared"; ${look}; } >>"$AT/once"`, once: true },
      ],
      restart: 'echo "$CLONEDEPLOY_HOST" >>"$AT/restarted"; cp "$AT/once" "$AT/once-at-restart.$CLONEDEPLOY_HOST"',
    })
    await project.deployed('two')
    expect(at('once').split(/\s+/)).toEqual(['h1', '2', ...both.flatMap(() => [`releases/${one}`, '2']), ''])
    for (const i of both) expect(at(`once-at-restart.h${i}`)).toBe(at('once'))
  })

  exhaustively('run only on the hosts of their roles', async () => {
    const { project } = here
    const hook = (name: string) => `echo "$CLONEDEPLOY_HOST" >>"$AT/${name}"`
    project.configure(
      {
        env: { AT: project.root },
        prepare: { run: hook('prepare'), roles: ['web'] },
        restart: { run: hook('restart'), roles: ['worker'] },
        health: { run: hook('health'), roles: ['worker', 'web'] },
      },
      i => ({ roles: i === 3 ? [] : i === 2 ? ['worker'] : ['web'] }),
    )
    await project.deployed('one')
    const hosts = (name: string) => at(name).trim().split('\n').sort()
    expect(hosts('prepare')).toEqual(['h1'])
    expect(hosts('restart')).toEqual(['h2'])
    expect(hosts('health')).toEqual(['h1', 'h2'])
  })

  it('get env, the env of their host, secrets, and what clonedeploy says of the run', async () => {
    const { project } = here
    const one = await project.deployed('one')
    project.configure(
      {
        env: { AT: project.root, NODE_ENV: 'production', WORDS: `it's "two" $words\nand a line` },
        secrets: {
          TOKEN: { env: 'TOKEN' },
          FROM_FILE: { file: 'secret.txt' },
          FROM_CMD: { cmd: "printf 's3cr3t from cmd'" },
        },
        restart: 'env >"$AT/env.$CLONEDEPLOY_HOST"',
      },
      i => ({ env: { PORT: 3000 + i } }),
    )
    project.write({ 'secret.txt': 's3cr3t from file' })
    project.write({ 'app/version': 'two\n' })
    const { code, json } = await project.run('deploy --json', { env: { TOKEN: `s3cr3t 'quoted'` } })
    expect(code).toBe(0)
    for (const i of both) {
      const env = at(`env.h${i}`)
      for (const line of [
        'NODE_ENV=production',
        `WORDS=it's "two" $words\nand a line`,
        `TOKEN=s3cr3t 'quoted'`,
        'FROM_FILE=s3cr3t from file',
        'FROM_CMD=s3cr3t from cmd',
        `PORT=${3000 + i}`,
        'CLONEDEPLOY_APP=shop',
        'CLONEDEPLOY_STAGE=production',
        `CLONEDEPLOY_HOST=h${i}`,
        `CLONEDEPLOY_RELEASE=${json().release}`,
        `CLONEDEPLOY_RELEASE_PATH=${project.on(i, 'releases', json().release)}`,
        `CLONEDEPLOY_PREVIOUS=${one}`,
      ])
        expect(`\n${env}`).toContain(`\n${line}\n`)
    }
  })

  it('keep their secrets out of every output, log, record and process list', async () => {
    const { project } = here
    const secret = 'hunter2-s3cr3t-canary'
    project.configure({
      env: { AT: project.root },
      secrets: { TOKEN: { env: 'TOKEN' } },
      prepare:
        'echo "the token is $TOKEN" | tee /dev/stderr; : >"$AT/held.$CLONEDEPLOY_HOST"; until [ -e "$AT/go" ]; do sleep 0.05; done',
      restart: 'echo "$TOKEN" >&2; grep -q one version',
    })
    const file = join(project.root, 'events')
    const running = project.start('deploy --verbose --json', { env: { TOKEN: secret, CLONEDEPLOY_OUTPUT_FILE: file } })
    await running.until(/the token is/)
    const lists = [processes()]
    while (both.some(i => contents(join(project.root, `held.h${i}`))['.'] === undefined)) lists.push(processes())
    lists.push(processes())
    project.write({ go: '' })
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(0)
    expect(stderr).toContain('the token is [redacted]')
    const logs = Object.values(contents(join(project.root, '.clonedeploy')))
    const records = both.flatMap(i => Object.values(contents(project.on(i))))
    const places = {
      stdout,
      stderr,
      events: at('events'),
      lists: lists.join(),
      logs: logs.join(),
      records: records.join(),
    }
    expect(places.logs).toContain('the token is [redacted]')
    expect(places.lists).toContain('until [ -e')
    const leaks = Object.entries(places).filter(([, text]) => text.includes(secret))
    expect(leaks.map(([place]) => place)).toEqual([])
  })

  exhaustively('may print 30 MB, colours and what looks like commands of a CI', async () => {
    const { project } = here
    project.configure({
      prepare: [
        `printf '\\033[2J\\033]0;title\\007::error file=x::fake\\n##vso[task.x]\\n'`,
        '[ "$CLONEDEPLOY_HOST" != h1 ] || { yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c 30000000; }',
        '[ "$CLONEDEPLOY_HOST" != h2 ] || { head -c 10000000 /dev/zero | tr "\\0" x; }',
      ],
    })
    const { code, stderr, json } = await project.run('deploy --json --quiet', { env: { GITHUB_ACTIONS: 'true' } })
    expect(code).toBe(0)
    expect(json().result).toBe('deployed')
    expect(stderr).not.toContain('\u001b]0;')
    expect(stderr).not.toMatch(/^::error/m)
    for (const i of both) expect(project.current(i)).toBe(`releases/${json().release}`)
  })

  it.each([
    'plain',
    'github',
  ])('cannot command the terminal or the CI by what they print, shown as %s', async output => {
    const { project } = here
    project.configure({
      prepare: `printf '\\033[2J::error file=x::fake\\r\\n::error::fake\\n'; echo ::stop-commands::x`,
    })
    const { code, stderr } = await project.run(`deploy --output ${output}`, { env: { GITHUB_ACTIONS: 'true' } })
    expect(code).toBe(0)
    expect(stderr).toContain('fake')
    expect(stderr).not.toContain('\u001b[2J')
    expect(stderr).not.toMatch(/^\s*::(error|stop-commands)/m)
  })

  it('are ended when their time is over, with 3', async () => {
    const { project } = here
    project.configure({ prepare: { run: '[ "$CLONEDEPLOY_HOST" != h2 ] || sleep 60', timeout: '1s' } })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain('timeout')
    for (const i of both) expect(project.releases(i)).toEqual([])
  })
})

/** Command lines of every process, as anybody on the machine may read them. */
function processes(): string {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => textOf(join('/proc', pid, 'cmdline')).replaceAll('\0', ' '))
    .join('\n')
}

describe.skipIf(!sshdIsHere())('prepare hooks', () => {
  const here = onFleet()

  it('that make different files on different hosts stop the deploy, with 3', async () => {
    const { project } = here
    project.configure({ prepare: '[ "$CLONEDEPLOY_HOST" != h2 ] || echo "$CLONEDEPLOY_HOST" >made-here' })
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(3)
    expect(stderr).toContain("name files that may differ in `writable`, or allow all of it with identical: 'warn'")
    expect(json().hosts[1].error.message).toMatch(/ after the prepare hooks: made-here$/)
    expect(json().hosts.map(({ error }: Json) => error?.step ?? null)).toEqual([null, 'compare', null])
    for (const i of all) expect(project.releases(i)).toEqual([])
    project.configure({ prepare: 'echo "$CLONEDEPLOY_HOST" >made-here', writable: ['made-*'] })
    expect((await project.run('deploy')).code).toBe(0)
  })
})
