import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What starts whole fleets comes first, and takes long: the others fill the gaps at the end. */
class FleetsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => /\/test\/(e2e|faults)\//.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/build-once.ts',
    setupFiles: 'test/support/each-file.ts',
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // A fresh process for each file costs a third of a second, and none needs one.
    isolate: false,
    // Reading a file of certificates costs every start of Node 0.07 s; no test speaks to the world outside.
    env: { NODE_EXTRA_CA_CERTS: '' },
    maxWorkers: 3,
    sequence: { sequencer: FleetsFirst },
  },
})
