import { expect } from 'vitest'
import type { Ended, Project } from '../support/project.js'
import { version } from './whole.js'

/** The exit code says what is served: 0 all new, 3, 4 and 5 all old, 6 nothing is promised. Any other code is a lie. */
export function expectTruth(
  project: Project,
  hosts: readonly number[],
  ended: Ended,
  was: string | null,
  is: string,
): void {
  const said = `exit ${ended.code}\n${ended.stderr}`
  const served = hosts.map(i => version(project, i))
  expect([0, 3, 4, 5, 6], said).toContain(ended.code)
  if (ended.code === 0) expect(served, said).toEqual(hosts.map(() => is))
  if ([3, 4, 5].includes(ended.code as number)) expect(served, said).toEqual(hosts.map(() => was))
}
