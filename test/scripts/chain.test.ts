import { describe, expect, it } from 'vitest'
import { chain, stoppedAt, withoutStop } from '../../src/scripts/shell/script-chain.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { everyShell, run } from '../support/scripts.js'

/** More than any program reads at once, of every byte. */
const large = Buffer.from(Array.from({ length: 300_001 }, (_, i) => (i * 7) & 255))

describe.each(everyShell)('a chain under $name', shell => {
  it('gives each script its own input, to the byte', async () => {
    const inputs = [Buffer.from('one'), large, Buffer.from('\n'), Buffer.from('four')]
    const scripts = inputs.map((input, i) => new Script(`s${i}`, 'sha256sum', input))
    const each = await Promise.all(inputs.map(input => run(new Script('alone', 'sha256sum', input), shell)))
    expect(await run(chain(scripts), shell)).toEqual({
      code: 0,
      stdout: each.map(({ stdout }) => stdout).join(''),
      stderr: '',
    })
  })

  it.each([
    ['reads none of it', ':'],
    ['reads a line of it', 'read -r line'],
    ['closes it', 'exec <&-'],
  ])('gives the next script its own input where the one before %s', async (_, text) => {
    const scripts = [new Script('first', text, large), new Script('second', 'cat', Buffer.from('its own'))]
    expect(await run(chain(scripts), shell)).toEqual({ code: 0, stdout: 'its own', stderr: '' })
  })

  it('stops at the first script that fails, and names it', async () => {
    const scripts = [
      new Script('first', 'cat; exit 0', Buffer.from('a')),
      new Script('second', 'echo b; exit 7'),
      new Script('third', 'echo never; cat', Buffer.from('c')),
    ]
    const { code, stdout } = await run(chain(scripts), shell)
    const said = Buffer.from(stdout)
    expect([code, stoppedAt(said), String(withoutStop(said))]).toEqual([7, 'second', 'ab\n'])
  })
})
