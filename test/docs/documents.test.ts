import { execFileSync } from 'node:child_process'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Package } from '../../src/project/package.js'
import { workflowText } from '../../src/project/workflow.js'
import { codes } from '../../src/scripts/shell/codes.js'
import { neededPackages } from '../support/needed-packages.js'
import { load } from './config.js'
import { anchors, blocks, document, documents, isThere, links, table } from './markdown.js'

const root = join(import.meta.dirname, '../..')
const target = (from: string, path: string) => (path === '' ? from : posix.join(from, '..', path))

describe.each(documents)('%s', path => {
  it('points at files that exist, and at headings that they have', () => {
    const dead = links(document(path)).filter(link => {
      const file = target(path, link.path)
      if (!isThere(file)) return true
      return link.heading !== null && !anchors(document(file)).includes(link.heading)
    })
    expect(dead).toEqual([])
  })

  const whole = blocks(document(path), 'ts').filter(text => text.includes('defineConfig'))
  it.each(whole)('has a configuration that is one: %#', async text => {
    expect(await load(text)).toMatchObject({ app: expect.any(String) })
  })
})

describe('the README', () => {
  it('is read in a minute: it has at most 9,000 bytes', () => {
    expect(Buffer.byteLength(document('README.md'))).toBeLessThanOrEqual(9000)
  })

  it('leads to every page', () => {
    const found = new Set(['README.md'])
    for (const page of found)
      for (const link of links(document(page))) {
        const file = target(page, link.path)
        if (file.endsWith('.md')) found.add(file)
      }
    expect(documents.filter(page => !found.has(page) && !page.startsWith('examples/hello'))).toEqual([])
  })

  it('has the exit codes of exit-code.ts, but for those that only failures.md needs', () => {
    const told = table(document('README.md'), '| code | means | the fleet |')
    expect(told.flatMap(([cell]) => cell?.split(', ').map(Number))).toEqual(exitCodes().slice(0, 7))
  })
})

describe('the job in the README', () => {
  const [shown = ''] = blocks(document('README.md'), 'yaml')
  const lines = shown.split('\n').flatMap(line => (line.trim() === '' ? [] : [line.trim()]))

  it('has at most twelve lines', () => {
    expect(lines.length).toBeLessThanOrEqual(12)
  })

  it.each(lines)('has a line of what `clonedeploy init` writes: %s', line => {
    const project = { manager: 'npm', install: 'npm ci', dependencies: new Map() } as unknown as Package
    const written = workflowText({ project, branch: 'main', folder: '' }).split('\n')
    expect(written.map(one => one.trim())).toContain(line)
  })
})

const pages = documents.filter(path => /^(docs\/|CHANGELOG|CONTRIBUTING|SECURITY)/.test(path))

it.each(pages)('%s says first whom it is for', path => {
  expect(document(path).split('\n')[2]).toMatch(/^For (users|operators|contributors|whoever)\b.*[:.]/)
})

it('failures.md has the exit codes of exit-code.ts', () => {
  const told = table(document('docs/failures.md'), '| code | means | the fleet |')
  expect(told.flatMap(([cell]) => cell?.split(', ').map(Number))).toEqual(exitCodes())
})

function exitCodes(): readonly number[] {
  return /type ExitCode = ([\d| ]+)/.exec(document('src/exit-code.ts'))?.[1]?.split('|').map(Number) ?? []
}

it('failures.md has every verdict of status, and no other', () => {
  const told = table(document('docs/failures.md'), '| verdict | means | run |').flatMap(([cell]) => words(cell))
  const type = /type Verdict =\n(.*?)\n\n/s.exec(document('src/state/status-report.ts'))?.[1] ?? ''
  expect(told.sort()).toEqual([...type.matchAll(/\| '(.*)'/g)].map(found => found[1]).sort())
})

it('json.md has the type of every line of jsonl, and no other', () => {
  const told = table(document('docs/json.md'), '| type | when |').flatMap(([cell]) => words(cell))
  const source = document('src/fleet/events.ts')
  const phaseSource = document('src/fleet/outcome.ts')
  const types = [...source.matchAll(/readonly type: '([a-z.]+)'/g)].map(found => found[1] ?? '')
  const phases = [...(/type Phase =\n(.*)\n/s.exec(phaseSource)?.[1] ?? '').matchAll(/'(.*)'/g)].map(found => found[1])
  const written = types.filter(type => !['script', 'host.end', 'run.planned'].includes(type))
  expect(told.sort()).toEqual([...written, ...phases.map(phase => `host.${phase}`)].sort())
})

it('protocol.md has the exit codes of scripts', () => {
  const told = table(document('docs/protocol.md'), '| code | name |').map(([code, name]) => [
    words(name)[0],
    Number(code),
  ])
  expect(Object.fromEntries(told)).toEqual({ ...codes })
})

it('security.md says of every package that npm installs what it is for', () => {
  const told = table(document('docs/security.md'), '| package | for |').flatMap(([name]) => words(name))
  expect(told.sort()).toEqual(
    neededPackages()
      .map(({ name }) => name)
      .sort(),
  )
})

function words(cell = ''): string[] {
  return cell.match(/(?<=`)[^`]+(?=`)/g)?.filter(word => !/^, $/.test(word)) ?? []
}

it('no document in the package points out of it', () => {
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = JSON.parse(said) as [{ files: { path: string }[] }]
  const packed = files.map(({ path }) => path)
  const dead = packed
    .filter(path => path.endsWith('.md'))
    .flatMap(path => links(document(path)).map(link => `${path} → ${target(path, link.path)}`))
    .filter(line => !packed.includes(line.split(' → ')[1] ?? ''))
  expect(dead).toEqual([])
  expect(packed).toContain('docs/configuration.md')
})

it('every page that a message names is in the package', () => {
  const named = execFileSync('grep', ['-rhoE', 'docs/[a-z/-]+\\.md', 'src'], { cwd: root, encoding: 'utf8' })
  for (const page of new Set(named.trim().split('\n'))) expect(documents).toContain(page)
})
