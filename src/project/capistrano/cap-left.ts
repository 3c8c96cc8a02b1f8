/** Where something stands. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** What was not taken over as it is, and what to do instead. Its text is foreign. */
export interface Left extends Place {
  readonly what: string
  readonly instead: string
}

/** Each of them once, by file and line. */
export function eachOnce(left: readonly Left[]): readonly Left[] {
  return [...new Map(left.map(one => [JSON.stringify(one), one])).values()]
}
