import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { clonedeploy } from '../docs/here.js'
import { cloneStore } from '../support/clone-store.js'
import { installed, isHere } from '../support/installed.js'
import { folder } from '../support/scripts.js'
import { allow, signer, signingKey } from '../support/signers.js'

const programs = ['cloud-init', 'packer', 'shellcheck', 'systemd-analyze']

describe.skipIf(!programs.every(isHere))('what image writes is understood by the program that it is for', () => {
  const bucket = { s3: { bucket: 'acme', prefix: 'eu/a', region: 'eu-central-1', endpoint: 'https://s3.example.com' } }
  const full = {
    secrets: { DB_URL: { env: 'DB_URL' } },
    shared: { files: ['.env'] },
    restart: 'sudo systemctl restart shop',
    health: { url: 'http://127.0.0.1:3000/' },
  }
  const kinds: Readonly<Record<string, readonly [object, readonly string[]]>> = {
    'a bucket': [{ store: bucket, ...full }, []],
    'signed generations': [{ store: bucket, allowedSigners: 'allowed_signers' }, []],
    'a folder': [{ store: { dir: '/srv/kept' } }, []],
    'a web server': [{ store: { dir: 'kept' } }, ['--store-at', 'https://kept.example.com/shop/']],
    'odd names': [
      { store: bucket, app: 'my_app', deployTo: `/srv/it's $here \${path.root} %{x} 100%`, hosts: ['anna_b@web-1'] },
      ['--ready', '/srv/ready/file'],
    ],
  }

  /** Its folder, with the files. */
  async function written(kind: string): Promise<{ dir: string; name: string }> {
    const root = folder('image')
    const [more = {}, flags = []] = kinds[kind] ?? []
    allow(root, signer(signingKey(root, 'anna')))
    const config = { app: 'shop', deployTo: '/srv/shop', hosts: ['deploy@web-1'], ...more }
    writeFileSync(join(root, 'deploy.config.json'), JSON.stringify(config))
    const { code, stdout, stderr } = await clonedeploy(root, 'image', '--out', 'out', '--json', ...flags)
    if (code !== 0) throw new Error(stderr)
    return { dir: join(root, 'out'), name: JSON.parse(stdout).name }
  }

  function say(file: string, args: readonly string[], cwd: string) {
    const env = { ...process.env, LC_ALL: 'C', CHECKPOINT_DISABLE: '1', PACKER_NO_COLOR: '1', HOME: cwd }
    const { status, stdout, stderr } = spawnSync(installed(file), args, { cwd, env, encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }

  describe.each(Object.keys(kinds))('with %s:', kind => {
    it('cloud-init', async () => {
      const { dir } = await written(kind)
      const check = () => say('cloud-init', ['schema', '--config-file', 'user-data'], dir)
      expect(check()).toMatchObject({ status: 0, said: expect.stringContaining('Valid cloud-config') })
      const text = readFileSync(join(dir, 'user-data'), 'utf8')
      writeFileSync(join(dir, 'user-data'), text.replace('gz+b64', 'gz+b46'))
      expect(check()).toMatchObject({ status: 1, said: expect.stringContaining('gz+b46') })
    })

    it('packer', async () => {
      const { dir } = await written(kind)
      const steps = readFileSync(join(dir, 'provisioner.pkr.hcl'), 'utf8')
      const check = (text: string) => {
        const template = `source "null" "clone" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.clone"]\n${text}}\n`
        writeFileSync(join(dir, 'template.pkr.hcl'), template)
        return say('packer', ['validate', 'template.pkr.hcl'], dir)
      }
      expect(check(steps)).toEqual({ status: 0, said: '' })
      expect(check(steps.replace('inline =', 'online ='))).toMatchObject({ status: 1 })
      expect(check(steps.replace('/boot.sh', '/no.sh'))).toMatchObject({
        status: 1,
        said: expect.stringMatching(/no\.sh/),
      })
    })

    it('systemd', async () => {
      const { dir, name } = await written(kind)
      const unit = join(dir, `${name}.service`)
      const text = readFileSync(unit, 'utf8').replace(/^User=.*/m, 'User=root')
      const check = (changed: string) => {
        writeFileSync(unit, changed)
        const { status, said } = say('systemd-analyze', ['verify', '--man=no', unit], dir)
        return {
          status,
          said: said
            .split('\n')
            .filter(line => line.includes(name))
            .join('\n'),
        }
      }
      expect(check(text)).toEqual({ status: 0, said: '' })
      expect(check(text.replace('RestartSec', 'RestartAfter')).said).toContain('RestartAfter')
    })

    it('the shell, by shellcheck', async () => {
      const { dir } = await written(kind)
      // Values that are empty on purpose, a tilde that stands for itself, words that are to be split.
      const args = ['-s', 'sh', '-S', 'warning', '-e', 'SC1007,SC2088,SC2046']
      expect(say('shellcheck', [...args, 'boot.sh'], dir)).toEqual({ status: 0, said: '' })
      execFileSync('sh', ['-n', 'boot.sh'], { cwd: dir })
    })
  })

  it('so is the program that a store keeps', async () => {
    const store = cloneStore()
    const health = [
      { url: 'http://127.0.0.1:3000/$KEY', contains: "it's", headers: { a: 'b' }, release: 'body' },
      { tcp: 3000 },
    ]
    const more = { ...full, health, secrets: { KEY: { env: 'KEY' } }, prepare: ['make', { run: 'x', roles: ['web'] }] }
    const { boot = '' } = await store.release(
      1,
      { version: 'one' },
      { ...more, hosts: [{ host: 'a', roles: ['web'] }] },
    )
    const args = ['-s', 'sh', '-S', 'error', join(store.dir, 'shop', boot)]
    expect(say('shellcheck', args, store.dir)).toEqual({ status: 0, said: '' })
  })
})
