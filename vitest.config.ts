import { readFileSync } from 'node:fs'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What starts whole fleets comes first, and takes long: the others fill the gaps at the end. */
class FleetsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => /\/test\/(e2e|faults)\//.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))]
  }
}

const { CLONEDEPLOY_TESTS: tier, CLONEDEPLOY_NAMES: names } = process.env
/** Files whose tests all belong to the exhaustive tier; one of them that is named runs in any. */
const rare = 'test/**/*.exhaustive.test.ts'
const isNamed = process.argv.some(arg => arg.includes('.exhaustive'))

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(tier === 'exhaustive' || isNamed ? [] : [rare])],
    // What a slice of the exhaustive tier runs.
    ...(names === undefined ? {} : { testNamePattern: new RegExp(readFileSync(names, 'utf8')) }),
    globalSetup: 'test/support/build-once.ts',
    setupFiles: 'test/support/each-file.ts',
    // No test waits for these on a machine that is not busy.
    testTimeout: 600_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Collecting garbage less often saves a tenth of the processor time of a run.
    execArgv: ['--max-semi-space-size=32'],
    // A fresh process for each file costs a third of a second, and none needs one.
    isolate: false,
    // Reading a file of certificates costs every start of Node 0.07 s; no test speaks to the world outside.
    env: { NODE_EXTRA_CA_CERTS: '' },
    maxWorkers: 6,
    sequence: { sequencer: FleetsFirst },
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
})
