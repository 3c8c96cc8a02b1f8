import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demandSchemas } from '../schemas/demand.js'
import { writeFiles } from '../support/files.js'
import { runHere } from '../support/here.js'

const secret = 'correct-horse-battery'
const hostile = '</pre><script>alert(1)</script>'

describe('report', { shuffle: false }, () => {
  let root: string
  const configure = (changes: object = {}) => {
    const base = { app: 'shop', source: { dir: 'app' }, deployTo: 'shop', hosts: { embedded: 2 } }
    writeFiles(root, { 'deploy.config.json': JSON.stringify({ ...base, ...changes }) })
  }
  const run = (line: string, env = {}) => runHere(line.split(' '), { cwd: root, env: { USER: 'anna', ...env } })
  const logs = () => join(root, '.clonedeploy/logs')
  const page = async (flags = '') => {
    const { code, stdout, stderr } = await run(`report${flags} --html page.html`)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Wrote page\.html, the run \d{8}-\d{6}-[a-z]+/)
    return readFileSync(join(root, 'page.html'), 'utf8')
  }
  const runs = () => readdirSync(logs()).filter(name => name.endsWith('.jsonl'))

  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-report-')))
    configure()
    writeFiles(root, { 'app/version': 'one\n' })
  })
  afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }))

  it('has nothing to write of before the first run, a dry run included', async () => {
    expect((await run('deploy --dry-run')).code).toBe(0)
    const { code, stderr } = await run('report --html page.html')
    expect([code, stderr]).toEqual([3, expect.stringContaining('No run is kept here yet')])
  })

  it('has to be told where', async () => {
    const { code, stderr } = await run('report')
    expect([code, stderr]).toEqual([2, expect.stringContaining('clonedeploy report --html report.html')])
  })

  it('writes a deploy, with what hosts printed quoted and secrets hidden', async () => {
    const command = `printf '%s\n' '${hostile}' "key $KEY"`
    configure({ secrets: { KEY: { env: 'KEY' } }, prepare: [command] })
    const deployed = await run('deploy --json --message hotfix', { KEY: secret })
    expect(deployed.code).toBe(0)
    const { release } = JSON.parse(deployed.stdout)
    const text = await page()
    expect(text).toContain(`Deployed <span class="whole">${release}</span> to 2 hosts`)
    expect(text).toContain('<p>hotfix</p>')
    expect(text).toContain('&#60;/pre&#62;&#60;script&#62;alert(1)')
    expect(text).toContain('key [redacted]')
    expect(text).not.toContain('<script')
    expect(text).not.toContain(secret)
    for (const phase of ['check', 'push', 'prepare', 'swap', 'confirm']) expect(text).toContain(`>${phase}</span>`)
    expect(await page(` ${release}`)).toBe(text)
  })

  it('writes one that was put back, with what failed', async () => {
    configure({ restart: 'echo cannot bind >&2; exit 3' })
    writeFiles(root, { 'app/version': 'two\n' })
    expect((await run('deploy')).code).toBe(5)
    const text = await page()
    expect(text).toContain('<span class="badge">Put back</span>')
    expect(text).toContain('cannot bind')
    expect(text).toContain('class="failed"')
  })

  it('writes one that was refused', async () => {
    configure({ shared: { files: ['.env'] } })
    expect((await run('deploy')).code).toBe(3)
    const text = await page()
    expect(text).toContain('<span class="badge">Refused</span>')
    expect(text).toContain('.env')
  })

  it('says so as JSON, and takes a run by its name', async () => {
    const [first = ''] = runs().sort()
    const name = first.replace('.jsonl', '')
    const { code, stdout } = await run(`report ${name} --html sub.html --json`)
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { v: 1, command: 'report', result: 'done', exitCode: 0, stage: 'production', run: name, file: 'sub.html' },
    ])
  })

  it('refuses a run that there is not, with those that there are', async () => {
    const { code, stderr } = await run('report nope --html page.html')
    expect(code).toBe(3)
    for (const file of runs()) expect(stderr).toContain(file.replace('.jsonl', ''))
    expect(stderr).toContain('put-back')
  })

  it('refuses a place that cannot be written', async () => {
    const { code, stderr } = await run('report --html nowhere/page.html')
    expect([code, stderr]).toEqual([3, expect.stringContaining('nowhere/page.html cannot be written')])
  })

  it('is made of lines that are what their schema says, one file for each run', () => {
    expect(runs()).toHaveLength(3)
    for (const file of runs()) demandSchemas(readFileSync(join(logs(), file), 'utf8'))
    for (const file of runs())
      expect(readFileSync(join(logs(), file), 'utf8').trimEnd()).toMatch(/"type":"run\.end".*$/)
  })

  it('is not promised an end that could not be kept', async () => {
    configure({ build: [`rm -r '${logs()}' && false`] })
    const { code, stderr } = await run('deploy')
    expect([code, stderr]).toEqual([3, expect.stringContaining('! the end of this run is not kept')])
  })
})
