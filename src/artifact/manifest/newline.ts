import { PreflightError } from '../../errors.js'

/** Control bytes that may stand for a newline in a manifest's names, in the order they are tried. */
const candidates = [0o36, ...Array.from({ length: 0o37 }, (_, i) => i + 1)].filter(
  byte => byte !== 0o11 && byte !== 0o12,
)

/** A byte that is in none of these names and targets. */
export function newlineFor(names: Iterable<string>): string {
  const used = new Set<string>()
  for (const name of names) for (const found of name.match(controls) ?? []) used.add(found)
  const free = candidates.map(byte => String.fromCharCode(byte)).find(char => !used.has(char))
  if (free === undefined) throw new NoSpareByteError()
  return free
}

export function headerOf(newline: string): string {
  return `# clonedeploy 1 ${newline.charCodeAt(0).toString(8).padStart(3, '0')}`
}

/** The byte that a manifest's first line names; null when it is not such a line. */
export function newlineOf(header: string): string | null {
  const octal = /^# clonedeploy 1 ([0-7]{3})$/.exec(header)?.[1]
  const byte = Number.parseInt(octal ?? '0', 8)
  return candidates.includes(byte) ? String.fromCharCode(byte) : null
}

/** File names use every control byte there is, so that none is left to stand for a newline. */
export class NoSpareByteError extends PreflightError {
  override name = 'NoSpareByteError'
  constructor() {
    super('the file names in the artifact use all control bytes: none is left to write their manifest with', {
      details: ['file names with control bytes are nearly always a mistake of a build step'],
    })
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes in file names are what it looks for
const controls = /[\x01-\x1f]/g
