const pattern = /^\d{8}-\d{6}-[a-z]+(-\d+)?$/

/** What a run is called: when it began (UTC), and its command; `n` tells apart those of one second. */
export function runName(began: Date, command: string, n: number): string {
  const stamp = began.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${command}${n === 1 ? '' : `-${n}`}`
}

/** When it began, in milliseconds since 1970; seconds are all that its name tells. */
export function beganAt(run: string): number {
  const [, year, month, day, hour, minute, second] = (/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(run) ?? []).map(
    Number,
  )
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
}

/** The runs whose events are among these files, oldest first. */
export function runsAmong(files: readonly string[]): readonly string[] {
  const names = files.filter(file => file.endsWith('.jsonl')).map(file => file.slice(0, -'.jsonl'.length))
  return names.filter(name => pattern.test(name)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}
