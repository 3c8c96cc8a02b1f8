import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { contents } from '../support/files.js'
import { type Project, textOf } from '../support/project.js'

/** The app in a version: every file says which. */
export function app(version: string): Readonly<Record<string, string>> {
  return {
    'site/version': `${version} version\n`,
    'site/one.txt': `${version} one\n`,
    'site/two/three.txt': `${version} three\n`,
  }
}

/** Version that a host serves; null: nothing. */
export function version(project: Project, i: number): string | null {
  return project.current(i) === null ? null : (textOf(project.on(i, 'current/version')).split(' ')[0] ?? '')
}

/** One of these versions is served by all hosts, whole, and nothing of a dead run is left. */
export function expectWhole(project: Project, hosts: readonly number[], versions: readonly (string | null)[]): void {
  const served = hosts.map(i => version(project, i))
  expect(new Set(served).size, `served: ${served}`).toBe(1)
  expect(versions).toContain(served[0])
  expect(new Set(hosts.map(project.current)).size).toBe(1)
  for (const i of hosts) {
    expectReleases(project, i)
    const own = (...path: string[]) => project.on(i, '.clonedeploy', ...path)
    const epoch = Math.max(...list(own('epochs')).map(Number))
    expect(list(own('epochs', String(epoch))), `lock of h${i}`).toContain('released')
    expect(list(own('incoming'))).toEqual([])
    expect(list(own('tx')).filter(tx => existsSync(own('tx', tx, 'undecided')))).toEqual([])
  }
}

/** Every release of a host is sealed, and byte for byte what was built. */
export function expectReleases(project: Project, i: number): void {
  const allowed = ['.clonedeploy', 'current', 'ports', 'releases']
  expect(list(project.on(i)).filter(name => !allowed.includes(name))).toEqual([])
  for (const id of project.releases(i)) {
    const what = contents(project.on(i, 'releases', id))
    const [name = ''] = textOf(project.on(i, 'releases', id, 'version')).split(' ')
    const files = Object.entries(what).filter(([path, text]) => text.startsWith('file ') && path !== './REVISION')
    const built = Object.entries(app(name)).map(([path, text]) => [path.replace('site', '.'), `file 644 ${text}`])
    expect(Object.fromEntries(files), `releases/${id} of h${i}`).toEqual(Object.fromEntries(built))
    expect(existsSync(project.on(i, '.clonedeploy/manifests', `${id}.seal`)), `seal of ${id} on h${i}`).toBe(true)
  }
}

function list(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(join(dir)) : []
}
