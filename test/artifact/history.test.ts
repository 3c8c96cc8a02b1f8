import { describe, expect, it } from 'vitest'
import { historyBetween, unknownHistory } from '../../src/artifact/git/history.js'
import { openOnce } from '../../src/artifact/git/repository.js'
import { temporary } from './folders.js'
import { commit, git, repository } from './repositories.js'

describe('the commits between what runs and what is deployed', () => {
  const head = (dir: string) => git(dir, 'rev-parse', 'HEAD')
  const between = (dir: string, from: string, to: string) => historyBetween('.', openOnce(dir, temporary()), from, to)

  it('are told newest first, and no warning is given where none is lost', async () => {
    const dir = repository({ a: 'x' })
    const from = head(dir)
    const one = commit(dir, { a: 'y' }, 'one: more')
    const two = commit(dir, { a: 'z' }, 'two')
    expect(await between(dir, from, two)).toEqual({
      brings: [
        { id: two, author: 'Anna', subject: 'two' },
        { id: one, author: 'Anna', subject: 'one: more' },
      ],
      takesAway: [],
      warnings: [],
    })
  })

  it('are told as lost where older code is deployed, three of them at most', async () => {
    const dir = repository({ a: 'x' })
    const first = head(dir)
    const lost = ['1', '2', '3', '4'].map(text => commit(dir, { a: text }, `Shop ${text}`))
    const [one, two, , four] = lost.map(id => id.slice(0, 7))
    expect(await between(dir, lost[0] ?? '', first)).toMatchObject({
      brings: [],
      takesAway: [{ id: lost[0], author: 'Anna', subject: 'Shop 1' }],
      warnings: [`goes back 1 commit: takes away ${one} Shop 1 (Anna)`],
    })
    expect((await between(dir, lost[1] ?? '', first)).warnings).toEqual([
      `goes back 2 commits: takes away ${two} Shop 2 (Anna) and ${one} Shop 1 (Anna)`,
    ])
    expect((await between(dir, lost[3] ?? '', first)).warnings).toEqual([
      expect.stringMatching(`^goes back 4 commits: takes away ${four} Shop 4 .*\\(Anna\\) and 2 more$`),
    ])
  })

  it('are told both ways where the histories diverge', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'checkout', '--quiet', '-b', 'theirs')
    const theirs = commit(dir, { b: 'x' }, 'theirs')
    git(dir, 'checkout', '--quiet', 'main')
    commit(dir, { a: 'y' }, 'one')
    expect((await between(dir, theirs, commit(dir, { a: 'z' }, 'two'))).warnings).toEqual([
      `brings 2 commits and takes away 1, for the histories diverge: ${theirs.slice(0, 7)} theirs (Anna)`,
    ])
  })

  it.each([
    ['0123456789012345678901234567890123456789', ['the running commit 0123456 is not in this clone: git fetch?']],
    ['main', []],
    ['--output=pwned', []],
    ['', []],
  ])('are not known since %j', async (from, warnings) => {
    const dir = repository({ a: 'x' })
    expect(await between(dir, from, head(dir))).toEqual({ ...unknownHistory, warnings })
  })

  it('are not known where a shallow clone was cut off before them', async () => {
    const dir = repository({ a: 'x' })
    const from = head(dir)
    commit(dir, { a: 'y' })
    const shallow = temporary()
    git(shallow, 'clone', '--quiet', '--depth', '1', `file://${dir}`, '.')
    expect((await between(shallow, from, head(dir))).warnings).toEqual([
      `the running commit ${from.slice(0, 7)} is not in this shallow clone: git fetch --unshallow?`,
    ])
  })
})
