import { expect } from 'vitest'
import type { Ended, Project } from '../support/project.js'
import { version } from './whole.js'

/** The exit code says what is served: 0 all new, 6 nothing is promised, all others all old. 1 would be a bug of ours. */
export function expectTruth(
  project: Project,
  hosts: readonly number[],
  ended: Ended,
  was: string | null,
  is: string,
): void {
  const said = `exit ${ended.code}\n${ended.stderr}`
  const served = hosts.map(i => version(project, i))
  expect([0, 3, 4, 5, 6, 130, 143], said).toContain(ended.code)
  if (ended.code === 0) expect(served, said).toEqual(hosts.map(() => is))
  if (ended.code !== 0 && ended.code !== 6) expect(served, said).toEqual(hosts.map(() => was))
}
