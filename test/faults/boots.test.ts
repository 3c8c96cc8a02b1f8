import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cloneOf, cloneStore, idOf } from '../support/clone-store.js'
import { contents, writeFiles } from '../support/files.js'
import { currentOf, folder, type Shell, shellsOnPath } from '../support/scripts.js'
import { tried } from '../support/tier.js'

const changing = ['mv', 'rm', 'ln', 'mkdir', 'tar', 'touch', 'sync', 'cp', 'rmdir'] as const
const number = (file: string) => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0)

/**
 * Boots with programs first on PATH that count the commands which change the disk, and take the power off before the nth of
 * them: everything of the boot dies at once. Returns how many there were.
 */
async function bootUntil(script: string, shell: Shell, limit: number): Promise<number> {
  const bin = folder('bin')
  const count = join(bin, 'count')
  for (const name of changing)
    writeFiles(bin, {
      [name]: {
        mode: 0o755,
        text: `#!/bin/sh
n=0; [ ! -e '${count}' ] || read -r n <'${count}'
n=$((n+1)); echo "$n" >'${count}'
[ "$n" -ne ${limit} ] || { read -r a b c d g f </proc/self/stat; /bin/kill -KILL -- "-$g"; sleep 60; }
exec ${execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()} "$@"
`,
      },
    })
  const [file = 'sh', ...args] = shell.command
  const env = { PATH: `${bin}:${shell.path}`, HOME: bin }
  await new Promise(done => execFile('setsid', ['-w', file, ...args, '-c', script], { env }, done))
  return number(count)
}

/** A machine that was restarted a while ago. */
function restarted(root: string): void {
  execFileSync('sh', [
    '-c',
    `touch -d '5 minutes ago' ${root}/.clonedeploy/epochs/* ${root}/.clonedeploy/epochs/*/lease ${root}/.clonedeploy/tx/*/lease 2>/dev/null; :`,
  ])
}

describe.each(
  shellsOnPath.filter(({ name }) => name === 'dash'),
)('a machine under $name that loses its power', shell => {
  it('at any command of a boot is not ready, and comes up at the next one', async () => {
    const store = cloneStore()
    const config = { prepare: 'cp version made', restart: ':', shared: { dirs: ['uploads'] } }
    await store.confirms(1, { version: 'one\n', 'bin/run': '#!/bin/sh\n' }, config)
    const before = cloneOf(store.dir)
    await before.boot(shell)
    await store.confirms(2, { version: 'two\n', 'bin/run': '#!/bin/sh\n' }, config)
    const whole = cloneOf(store.dir)
    const commands = await bootUntil(whole.script().text, shell, 0)
    expect(commands).toBeGreaterThan(20)
    const wanted = contents(join(whole.root, 'releases', idOf(2)))
    const limits = Array.from({ length: commands }, (_, i) => i + 1)
    const everyday = [0.2, 0.6].map(part => Math.round(part * commands))
    for (const from of ['nothing', 'a release'])
      for (const limit of tried(limits, n => everyday.includes(n))) {
        const clone = cloneOf(store.dir)
        if (from === 'a release') execFileSync('cp', ['-a', `${before.root}/.`, clone.root])
        const old = currentOf(clone.root)
        await bootUntil(clone.script().text, shell, limit)
        const at = `${from}, command ${limit}`
        const made = currentOf(clone.root)
        expect([old, `releases/${idOf(2)}`], at).toContain(made)
        if (limit < commands) expect(existsSync(clone.ready), at).toBe(false)
        rmSync(clone.ready, { force: true })
        restarted(clone.root)
        const ended = await clone.boot(shell, { wait: 20 })
        expect([at, ended.code, ended.stderr, currentOf(clone.root)]).toEqual([at, 0, '', `releases/${idOf(2)}`])
        expect(contents(join(clone.root, 'releases', idOf(2))), at).toEqual(wanted)
        expect(existsSync(clone.ready)).toBe(true)
      }
  })
})
