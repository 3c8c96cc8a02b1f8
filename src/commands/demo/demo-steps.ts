/** One version of the demo's app, and what must come of deploying it. */
export interface Step {
  readonly tells: string
  /** Text of the new version's page. */
  readonly message: string
  /** Settings by host, written before the deploy. */
  readonly settings?: Readonly<Record<string, string>>
  /** What must come of it, on every host: the page, and whether the release is another one than before. */
  readonly exitCode: number
  readonly says: string
  readonly release: 'changes' | 'stays'
  readonly proves: string
}

export const steps: readonly Step[] = [
  {
    tells: 'Version 1 goes to web-1, web-2 and web-3.',
    message: 'Hello from version 1',
    exitCode: 0,
    says: 'Hello from version 1',
    release: 'changes',
    proves: 'All three hosts serve version 1.',
  },
  {
    tells: 'The message is changed: version 2 takes its place on all three together.',
    message: 'Hello from version 2',
    exitCode: 0,
    says: 'Hello from version 2',
    release: 'changes',
    proves: 'All three hosts serve version 2.',
  },
  {
    tells: 'Version 3 needs a setting, CONTACT. web-1 and web-2 have it; on web-3 somebody forgot it.',
    message: 'Questions about version 3? Write to {CONTACT}',
    settings: { 'web-1': 'CONTACT=ann@example.com\n', 'web-2': 'CONTACT=ann@example.com\n' },
    exitCode: 5,
    says: 'Hello from version 2',
    release: 'stays',
    proves: 'The deploy failed (exit code 5) and left no host on version 3: all three serve version 2 as before.',
  },
]
