/** What `npm run bench:quick` measured, and where. */
export interface Measured {
  readonly date: string
  readonly machine: string
  readonly disk: string
  /** What else ran: the load averages of one minute before and after. */
  readonly beside: string
  readonly hosts: number
  readonly files: number
  readonly rounds: number
  readonly rows: readonly Row[]
}

export interface Row {
  readonly name: string
  readonly peer: string
  /** Medians, in seconds of whole processes. */
  readonly peerSeconds: number
  readonly seconds: number
  /** Of the host with the most. Null: it is not told. */
  readonly roundTrips: number | null
  readonly bytes: number | null
  readonly again: string
}

/** The same for people: where it was measured, and a Markdown table. */
export function tableOf({ date, machine, disk, beside, hosts, files, rounds, rows }: Measured): string {
  const about = `${date}: ${machine}; disk: ${disk}; beside it: ${beside}. ${hosts} hosts, ${files} files, no latency, medians of ${rounds} in seconds of whole processes.`
  const cells = rows.map(row => [
    row.name,
    row.peer,
    row.peerSeconds.toFixed(2),
    row.seconds.toFixed(2),
    (row.seconds / row.peerSeconds).toFixed(2),
    row.roundTrips === null ? '' : `${row.roundTrips}`,
    row.bytes === null ? '' : `${(row.bytes / 1000).toFixed(1)} kB`,
    `\`${row.again}\``,
  ])
  return [about, '', ...[heads, heads.map(() => '---'), ...cells].map(line => `| ${line.join(' | ')} |`), ''].join('\n')
}

const heads = ['', 'peer', 'seconds', 'clonedeploy', 'ratio', 'round trips a host', 'sent a host', 'run it again']

/** A document with the table between its two marks; nothing stands there until somebody has measured. */
export function withTable(text: string, measured: Measured | null): string {
  const [before, rest] = text.split('<!-- bench:quick -->\n')
  const [, after] = (rest ?? '').split('<!-- /bench:quick -->\n')
  if (before === undefined || after === undefined) throw new Error('the document has no marks for the table')
  return `${before}<!-- bench:quick -->\n${measured === null ? '' : tableOf(measured)}<!-- /bench:quick -->\n${after}`
}
