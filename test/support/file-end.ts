const cleaners: (() => void)[] = []

/**
 * What is to be done at the end of each test file: test files share their processes and modules, so that an `afterAll` of a
 * module would run for the first file only.
 */
export function atFileEnd(clean: () => void): void {
  cleaners.push(clean)
}

export function cleanUp(): void {
  for (const clean of cleaners) clean()
}
