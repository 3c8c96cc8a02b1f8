import { describe, expect, it } from 'vitest'
import { demandStates, inspectAll } from '../../src/fleet/read/inspect.js'
import type { Session } from '../../src/fleet/session.js'

const host = { name: 'web-1', host: 'web-1', roles: [], deployTo: '/srv/shop', env: {} }

/** A host that ends every script with this exit code, after it has said this. */
function saying(text: string, code: number | null = 0): Session {
  const nothing = Buffer.alloc(0)
  const result = { code, signal: null, lost: null, stdout: Buffer.from(text), stderr: nothing, ms: 1 }
  return { host, run: async () => result, connection: () => ({ sessions: () => 1 }) } as unknown as Session
}

describe('a host that ends its inspection with exit code 0', () => {
  it.each([
    { says: '', why: 'it said nothing' },
    { says: '\n\n', why: 'it said nothing' },
    { says: 'Welcome!\nYou have mail.\n', why: 'it said "Welcome!"' },
    { says: '\x1b[2Jroot /srv/shop\nkind absent\n', why: 'it said "\\x1b[2Jroot /srv/shop"' },
    { says: 'user anna\nroot /srv/shop\nkind folder\nclock 17\ncurrent absent\n', why: 'it said "user anna"' },
    { says: 'user anna\nkind folder\n@whole\n', why: 'it said "user anna"' },
  ])('and says $says, is not taken for an empty one', async ({ says, why }) => {
    const inspected = await inspectAll([saying(says)], [], 1)
    expect(inspected).toMatchObject([
      { state: null, error: `inspect: it ended well, but its answer has no end: ${why}` },
    ])
    const refused = { message: 'web-1 could not be read.', changed: 'nothing' }
    expect(() => demandStates(inspected)).toThrow(expect.objectContaining(refused))
  })

  it('has as long for each of its sessions as for the first: a login shell may be slow', async () => {
    const timeouts: number[] = []
    const session = saying('user anna\nroot /srv/shop\nkind absent\n@whole\n')
    const run: Session['run'] = (script, options) => {
      timeouts.push(options.timeout)
      return session.run(script, options)
    }
    await inspectAll([{ ...session, run }], [], 1, 3)
    expect(new Set(timeouts)).toEqual(new Set([30_000]))
    expect(timeouts).toHaveLength(3)
  })

  it('and says all that there is, is read', async () => {
    const inspected = await inspectAll([saying('user anna\nroot /srv/shop\nclock 17\nkind absent\n@whole\n')], [], 1)
    expect(inspected).toMatchObject([{ state: { name: 'web-1', root: '/srv/shop', rootKind: 'absent' }, error: null }])
  })
})
