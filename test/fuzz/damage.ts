import type { Dice } from '../faults/dice.js'
import { tier } from '../support/tier.js'

const { CLONEDEPLOY_FUZZ, CLONEDEPLOY_FUZZ_SEED, CLONEDEPLOY_SEED } = process.env
/** Seconds for each test; null: so many inputs, the same every time. */
const seconds = CLONEDEPLOY_FUZZ === undefined ? null : Number(CLONEDEPLOY_FUZZ)

export const fuzzLimit = (seconds ?? 0) * 1000 + 900_000

/** Seeds to try: so many, or for a time those from CLONEDEPLOY_SEED or from now on, and how many it were is printed; or a single one. */
export function* seeds(name: string, everyday: number): Generator<number> {
  if (CLONEDEPLOY_FUZZ_SEED !== undefined) return yield Number(CLONEDEPLOY_FUZZ_SEED)
  if (seconds === null) {
    for (let seed = 1; seed <= (tier === 'exhaustive' ? everyday * 84 : everyday); seed++) yield seed
    return
  }
  const first = Number(CLONEDEPLOY_SEED ?? Date.now()) % 1_000_000_000
  const until = performance.now() + seconds * 1000
  let seed = first
  while (performance.now() < until) yield seed++
  process.stdout.write(`${name}: ${seed - first} inputs, from seed ${first}\n`)
}

const pieces: readonly string[] = [
  ...['', ' ', '\n', '\n\n', '\t', '\0', '\r', '-', '--', '/', '//', '..', '../../etc', '.', '*', '!', '|', '\\', '#'],
  ...['0', '-1', '1e999', '99999999999999999999', 'NaN', 'null', 'true', '{}', '[]', '"', '{"a":', '[[[[', '\\u0000'],
  ...[
    '\x1b[2J\x1b]0;gone\x07',
    '\xc2\x9b31m',
    '\xe2\x80\xae',
    '\xff\xfe',
    '\xed\xa0\x80',
    '$(id)',
    '`id`',
    "'",
    '__proto__',
  ],
  ...['x'.repeat(5000), 'a*'.repeat(30), '@', ':', ',', '=', 'constructor', 'toString', '%', '<<', 'end', 'do', '#{'],
]

/** A genuine input (latin1), changed in one to six places as somebody or something could have. */
export function damaged(genuine: string, dice: Dice): Buffer {
  let text = genuine
  for (let times = dice.roll(6); times > 0; times--) text = changed(text, dice)
  return Buffer.from(text.slice(0, 100_000), 'latin1')
}

function changed(text: string, { roll, pick }: Dice): string {
  const at = roll(text.length + 1) - 1
  const end = at + roll(20) - 1
  switch (roll(6)) {
    case 1:
      return text.slice(0, at)
    case 2:
      return text.slice(0, at) + text.slice(end)
    case 3:
      return text.slice(0, at) + pick(pieces) + text.slice(at)
    case 4:
      return text.slice(0, at) + pick(pieces) + text.slice(end)
    case 5:
      return text.slice(0, at) + String.fromCharCode(roll(256) - 1) + text.slice(at + 1)
    default:
      return text.slice(0, end) + text.slice(at)
  }
}

const odd: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e300,
  Number.NaN,
  [],
  {},
  [null],
  [[]],
  () => 1,
  new Date(0),
  ...pieces,
]

/** The same value with another one in one place, however deep, or one key more or less. */
export function oddValue(value: unknown, dice: Dice): unknown {
  const { roll, pick } = dice
  if (typeof value !== 'object' || value === null || roll(10) === 1) return pick(odd)
  const keys = Object.keys(value)
  if (Array.isArray(value)) {
    const at = roll(value.length + 1) - 1
    return roll(4) === 1 ? value.toSpliced(at, 1) : value.toSpliced(at, 1, oddValue(value[at], dice))
  }
  const key = keys.length === 0 || roll(8) === 1 ? pick(['__proto__', 'toString', 'extra', 'stages']) : pick(keys)
  const { [key]: old, ...others } = value as Record<string, unknown>
  return roll(4) === 1 ? others : { ...others, [key]: oddValue(old, dice) }
}
