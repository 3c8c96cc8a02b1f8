import { dirname } from 'node:path'

/** What we read of vitest's JSON report. */
export interface Report {
  readonly testResults: readonly FileResult[]
}

export interface FileResult {
  /** Its path. */
  readonly name: string
  /** `duration` in milliseconds, with the hooks around the test; a test that did not run has none. */
  readonly assertionResults: readonly { readonly duration?: number | null }[]
}

export interface FolderTimes {
  readonly folder: string
  readonly files: number
  readonly tests: number
  readonly seconds: number
  /** Of the whole, from 0 to 1. */
  readonly share: number
}

/** The slowest folder comes first. Files run beside each other: the sum is the time of workers, not of a clock. */
export function timesOf(results: readonly FileResult[]): readonly FolderTimes[] {
  const whole = secondsOf(results)
  const folders = [...new Set(results.map(folderOf))]
  const rows = folders.map(folder => {
    const files = results.filter(file => folderOf(file) === folder)
    const [seconds, tests] = [secondsOf(files), durationsOf(files).length]
    return { folder, files: files.length, tests, seconds, share: seconds / (whole || 1) }
  })
  return rows.sort((a, b) => b.seconds - a.seconds)
}

/** `/x/test/e2e/a.test.ts` is in `e2e`; what lies in test/ itself, in `.`. */
function folderOf({ name }: FileResult): string {
  return dirname(name.slice(name.lastIndexOf('/test/') + '/test/'.length))
}

function secondsOf(files: readonly FileResult[]): number {
  return durationsOf(files).reduce((total, one) => total + one, 0) / 1000
}

function durationsOf(files: readonly FileResult[]): readonly number[] {
  return files.flatMap(({ assertionResults }) => assertionResults.flatMap(({ duration }) => duration ?? []))
}
