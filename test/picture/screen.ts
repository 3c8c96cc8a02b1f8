/** A character on the screen, with the SGR codes that were in force when it was written. */
export interface Cell {
  readonly character: string
  readonly codes: readonly number[]
}

export type Row = readonly Cell[]

/** Which codes each code ends: `0` all, `22` bold and dim, `39` the colours. */
const ends = (code: number, one: number) =>
  code === 0 || (code === 22 && (one === 1 || one === 2)) || (code === 39 && one >= 30)

/** What a terminal of endless height shows after this output, colours included. Throws on codes that a frame does not use. */
export function rowsOf(output: string): readonly Row[] {
  const rows: Cell[][] = [[]]
  let [row, column, codes] = [0, 0, [] as readonly number[]]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what terminals are told with
  for (const [, parameters = '', final = '', text = ''] of output.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|([^\x1b]+)/gu)) {
    if (text !== '') print(text)
    else obey(parameters, final)
  }
  return rows

  function print(text: string): void {
    for (const character of text) {
      if (character === '\r') column = 0
      else if (character === '\n') rows[++row] ??= []
      else put({ character, codes })
    }
  }

  function put(cell: Cell): void {
    const cells = rows[row] ?? []
    while (cells.length < column) cells.push({ character: ' ', codes: [] })
    cells[column++] = cell
  }

  function obey(parameters: string, final: string): void {
    if (final === 'm') codes = restyled(codes, parameters)
    else if (final === 'A') row = Math.max(0, row - Number(parameters || '1'))
    else if (final === 'G') column = Number(parameters || '1') - 1
    else if (final === 'K') rows[row] = parameters === '2' ? [] : (rows[row] ?? []).slice(0, column)
    else if (!/^\?(2026|25)$/.test(parameters)) throw new Error(`unknown code: ${parameters}${final}`)
  }
}

function restyled(codes: readonly number[], parameters: string): readonly number[] {
  return parameters
    .split(';')
    .map(Number)
    .reduce<readonly number[]>((now, code) => {
      const kept = now.filter(one => !ends(code, one))
      return [0, 22, 39].includes(code) ? kept : [...kept, code]
    }, codes)
}
