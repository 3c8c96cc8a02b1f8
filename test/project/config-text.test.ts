import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { completeConfig, loadConfig } from '../../src/config/load/load.js'
import { type Answers, configInput } from '../../src/project/answers.js'
import { configText } from '../../src/project/config-text.js'

const plain: Answers = {
  app: 'shop',
  git: true,
  build: [],
  include: [],
  from: '.',
  more: {},
  hosts: ['web-1'],
  deployTo: '/srv/shop',
  restart: null,
  health: null,
  sshConfig: null,
  ci: 'none',
}

const more = {
  root: '.next/standalone',
  writable: ['.next/cache', '.next/server/app/**/*.html'],
  shared: { dirs: ['storage'], files: ['.env'] },
  env: { RAILS_ENV: 'production' },
  prepare: ['bin/check', { run: 'bin/migrate', once: true }],
}

const hosts = Array.from({ length: 12 }, (_, i) => `deploy@web-${i + 1}.example.com:2222`)
const pinned = { name: 'web-1', host: '10.0.0.1', user: 'deploy', hostKey: `SHA256:${'A'.repeat(43)}` }

const cases: readonly (readonly [what: string, answers: Answers])[] = [
  ['as little as can be', plain],
  ['a folder that is no repository', { ...plain, git: false, sshConfig: './ssh config' }],
  ['quotes and backslashes', { ...plain, build: [`echo "it's" \\ \${HOME} \`id\``, "echo 'a'", 'printf "\\t\t"'] }],
  ['what a framework needs, of a whole workspace', { ...plain, from: '../..', more }],
  ['many hosts', { ...plain, hosts, include: ['dist', 'node_modules', 'package.json'] }],
  ['hosts with keys', { ...plain, hosts: [pinned, { name: 'web-2', port: 22 }], restart: { systemd: 'shop' } }],
  [
    'pm2 and a health check',
    { ...plain, restart: { pm2: 'shared/ecosystem.config.cjs' }, health: 'http://$CLONEDEPLOY_HOST/healthz' },
  ],
]

const root = mkdtempSync(join(tmpdir(), 'clonedeploy-init-'))
afterAll(() => rmSync(root, { recursive: true }))
const file = (what: string) => join(root, `${what.replaceAll(' ', '-')}.ts`)

describe('the text of a configuration', () => {
  it.each(cases)('says %s, and comes to that when it is loaded', async (what, answers) => {
    writeFileSync(file(what), configText(configInput(answers)))
    const place = { cwd: root, file: file(what) }
    expect(await loadConfig(place)).toEqual(await completeConfig({ ...configInput(answers) }, place))
  })

  it('has lines that are not too long, and no space at their ends', () => {
    const lines = cases.flatMap(([, answers]) => configText(configInput(answers)).split('\n'))
    expect(lines.filter(line => line.length > 120 || /\s$/.test(line))).toEqual([])
  })

  it('is right by the types of the package', () => {
    for (const [what, answers] of cases) writeFileSync(file(what), configText(configInput(answers)))
    mkdirSync(join(root, 'node_modules'))
    symlinkSync(join(import.meta.dirname, '../..'), join(root, 'node_modules/clonedeploy'))
    const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
    writeFileSync(file('wrong'), configText(configInput(plain)).replace("'web-1'", '1'))
    const files = [...cases.map(([what]) => file(what)), file('wrong')]
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--pretty', 'false']
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, ...files], { cwd: root, encoding: 'utf8' })
    expect(stdout.split('\n').map(line => line.replace(/\(.*/, ''))).toEqual(['wrong.ts', ''])
  })
})
