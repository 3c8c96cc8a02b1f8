import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type Project, startProject } from './project.js'
import { type FleetOptions, startFleet, type TestFleet } from './sshd.js'

/** One fleet for a test file, and a fresh project on it for every test. */
export interface OnFleet {
  readonly fleet: TestFleet
  readonly project: Project
}

/** The hosts of the smallest fleet. */
export const both = [1, 2] as const
/** Where one can differ from two that are alike. */
export const all = [...both, 3] as const
/** Where one more is needed to tell what happens to one from what happens to others. */
export const four = [...all, 4] as const

export function onFleet(options: FleetOptions = { hosts: all.length }): OnFleet {
  const here = {} as { fleet: TestFleet; project: Project }
  beforeAll(async () => {
    here.fleet = await startFleet(options)
  })
  afterAll(() => here.fleet?.stop())
  beforeEach(async () => {
    here.project = await startProject(here.fleet)
  })
  afterEach(() => here.project?.remove())
  return here
}
