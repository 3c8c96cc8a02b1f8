import { afterAll } from 'vitest'

/**
 * What is to be done at the end of each test file: test files share their processes and modules, so that an `afterAll` of a
 * module would run for the first file only.
 */
export function atFileEnd(clean: () => void): void {
  cleaners.push(clean)
}

const cleaners: (() => void)[] = []

/** Run by Vitest for every file (see vitest.config.ts). */
export function setUp(): void {
  afterAll(() => {
    for (const clean of cleaners) clean()
  })
}
