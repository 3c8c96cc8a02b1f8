import { stripVTControlCharacters } from 'node:util'

/** A terminal's screen, as far as frames need one: what is written, with the cursor codes obeyed. Lines never scroll off. */
export interface Screen {
  readonly write: (text: string) => void
  readonly lines: () => readonly string[]
  /** Whether a code was written that this screen does not know, or that hides the cursor. */
  readonly unknown: () => readonly string[]
}

export function screen(): Screen {
  const rows: string[] = ['']
  const unknown: string[] = []
  let row = 0
  let column = 0
  const code = (parameters: string, final: string) => {
    const count = Number(parameters || '1')
    if (final === 'A') row = Math.max(0, row - count)
    else if (final === 'B') row = Math.min(rows.length - 1, row + count)
    else if (final === 'G') column = count - 1
    else if (final === 'K') rows[row] = parameters === '2' ? '' : (rows[row] ?? '').slice(0, column)
    else if (final !== 'm' && !/^\?2026$/.test(parameters)) unknown.push(parameters + final)
  }
  const print = (text: string) => {
    for (const character of text) {
      if (character === '\n') {
        row++
        column = 0
        rows[row] ??= ''
        continue
      }
      rows[row] = (rows[row] ?? '').padEnd(column).slice(0, column) + character + (rows[row] ?? '').slice(column + 1)
      column++
    }
  }
  return {
    write: text => {
      for (const part of text.split(/(\p{Cc}\[[?\d;]*[A-Za-z])/u)) {
        const match = /^\p{Cc}\[([?\d;]*)([A-Za-z])$/u.exec(part)
        if (match === null) print(stripVTControlCharacters(part))
        else code(match[1] ?? '', match[2] ?? '')
      }
    },
    lines: () => rows.map(line => line.trimEnd()),
    unknown: () => unknown,
  }
}
