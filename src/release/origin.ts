/** Where the files of a release come from, where they were not built for it: from CI, or from a release of another stage. */
export type Origin = { readonly artifact: string } | Promoted

/** The stage that had confirmed it, and what it is called there. */
export interface Promoted {
  readonly stage: string
  readonly release: string
}

/** `artifact app.tgz`, `promoted from staging, where it is 20260102-030405-c0ffee1`. */
export function originText(origin: Origin): string {
  return 'artifact' in origin
    ? `artifact ${origin.artifact}`
    : `promoted from ${origin.stage}, where it is ${origin.release}`
}

export function isPromoted(origin: Origin | null): origin is Promoted {
  return origin !== null && 'stage' in origin
}
