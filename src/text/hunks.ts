/** Where two lists differ: from `from` to before `to` of each; where both are the same place, something came in on the other side only. */
export interface Hunk {
  readonly a: Range
  readonly b: Range
}

export interface Range {
  readonly from: number
  readonly to: number
}

/** So many words of two lists may be changed; beyond that, all that lies between their common ends is one hunk. */
const mostEdits = 1000

/**
 * Where two lists differ, in order, by as few words as possible.
 *
 * @see E. W. Myers, An O(ND) Difference Algorithm and Its Variations, 1986
 */
export function hunksOf(a: readonly string[], b: readonly string[]): readonly Hunk[] {
  const before = commonStart(a, b)
  const after = commonEnd(a, b, before)
  const [rest, other] = [a.slice(before, a.length - after), b.slice(before, b.length - after)]
  const hunks = rest.length === 0 && other.length === 0 ? [] : (shortest(rest, other) ?? [whole(rest, other)])
  return hunks.map(hunk => ({ a: moved(hunk.a, before), b: moved(hunk.b, before) }))
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length)
  let count = 0
  while (count < most && a[count] === b[count]) count += 1
  return count
}

function commonEnd(a: readonly string[], b: readonly string[], before: number): number {
  const most = Math.min(a.length, b.length) - before
  let count = 0
  while (count < most && a[a.length - 1 - count] === b[b.length - 1 - count]) count += 1
  return count
}

function whole(a: readonly string[], b: readonly string[]): Hunk {
  return { a: { from: 0, to: a.length }, b: { from: 0, to: b.length } }
}

function moved({ from, to }: Range, by: number): Range {
  return { from: from + by, to: to + by }
}

/** Null: too much differs. */
function shortest(a: readonly string[], b: readonly string[]): readonly Hunk[] | null {
  const most = Math.min(mostEdits, a.length + b.length)
  const reached = new Int32Array(2 * most + 3)
  const at = (k: number) => most + 1 + k
  const steps: Int32Array[] = []
  for (let edits = 0; edits <= most; edits += 1) {
    steps.push(reached.slice(at(-edits) - 1, at(edits) + 2))
    for (let k = -edits; k <= edits; k += 2) {
      let x = nextX(reached[at(k - 1)] ?? 0, reached[at(k + 1)] ?? 0, k, edits)
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      reached[at(k)] = x
      if (x >= a.length && x - k >= b.length) return backwards(steps, a.length, b.length)
    }
  }
  return null
}

/** How far it goes on diagonal `k`: by leaving out a word of `a` (from the diagonal below), or by taking in one of `b`. */
function nextX(below: number, above: number, k: number, edits: number): number {
  return k === -edits || (k !== edits && below < above) ? above : below + 1
}

/** The hunks, from what each number of edits had reached. */
function backwards(steps: readonly Int32Array[], lengthA: number, lengthB: number): readonly Hunk[] {
  const hunks: Hunk[] = []
  let [x, y] = [lengthA, lengthB]
  for (let edits = steps.length - 1; edits > 0; edits -= 1) {
    const before = steps[edits] ?? new Int32Array()
    const reachedBefore = (k: number) => before[k + edits + 1] ?? 0
    const k = x - y
    const takesIn = nextX(reachedBefore(k - 1), reachedBefore(k + 1), k, edits) === reachedBefore(k + 1)
    const beforeK = takesIn ? k + 1 : k - 1
    const [fromX, fromY] = [reachedBefore(beforeK), reachedBefore(beforeK) - beforeK]
    const toX = takesIn ? fromX : fromX + 1
    const toY = takesIn ? fromY + 1 : fromY
    const [next] = hunks
    const edit = { a: { from: fromX, to: toX }, b: { from: fromY, to: toY } }
    if (next !== undefined && next.a.from === toX && next.b.from === toY)
      hunks[0] = { a: { from: fromX, to: next.a.to }, b: { from: fromY, to: next.b.to } }
    else hunks.unshift(edit)
    ;[x, y] = [fromX, fromY]
  }
  return hunks
}
