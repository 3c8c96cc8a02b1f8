import { describe, expect, it } from 'vitest'
import { demandOne } from '../../src/plan/restart.js'
import { host, idOf, link } from './states.js'

describe('what a restart is of', () => {
  it('is the release that all hosts serve', () => {
    expect(demandOne([host('a'), host('b')])).toEqual({ release: idOf(3), digest: 'sha256:3', revision: 'rev3' })
  })

  it('is nothing where none is served', () => {
    const empty = host('a', { current: { kind: 'absent' } })
    expect(() => demandOne([empty])).toThrow('No host serves a release yet')
  })

  it('is first made one where hosts differ', () => {
    const differ = () => demandOne([host('a'), host('b', { current: link(2) })])
    expect(differ).toThrow('The hosts do not serve the same release.')
    expect(differ).toThrow(
      expect.objectContaining({ exitCode: 6, changed: 'nothing', details: [`a  ${idOf(3)}`, `b  ${idOf(2)}`] }),
    )
  })
})
