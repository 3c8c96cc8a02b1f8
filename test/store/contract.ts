import { expect, it } from 'vitest'
import type { Store } from '../../src/store/store.js'

/** What every store has to do, whatever it is made of. `open` may give one store to all tests. */
export function storeContract(open: () => Store): void {
  const key = (name: string) => `shop/${expect.getState().currentTestName?.replace(/\W+/g, '_').slice(-60)}/${name}`
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())

  it('gives back what was put there, and the last of it', async () => {
    await open().put(key('a'), Buffer.from('one'))
    await open().put(key('a'), Buffer.from('two'))
    expect(text(await open().read(key('a'), 100))).toBe('two')
    expect(await open().size(key('a'))).toBe(3)
  })

  it('says of a key that has nothing that there is nothing', async () => {
    expect(await open().read(key('a'), 100)).toBeNull()
    expect(await open().size(key('a'))).toBeNull()
    expect(await open().list(key('a'))).toEqual([])
    await open().remove(key('a'))
  })

  it('creates once', async () => {
    expect(await open().create(key('a'), Buffer.from('one'))).toBe('created')
    expect(await open().create(key('a'), Buffer.from('two'))).toBe('taken')
    expect(text(await open().read(key('a'), 100))).toBe('one')
  })

  it('creates again what was removed', async () => {
    await open().create(key('a'), Buffer.from('one'))
    await open().remove(key('a'))
    expect(await open().create(key('a'), Buffer.from('two'))).toBe('created')
    expect(text(await open().read(key('a'), 100))).toBe('two')
  })

  it('has one winner of 40 that create at once, in each of 20 races', async () => {
    for (let race = 1; race <= 20; race++) {
      const one = key(`race-${race}`)
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, i) => [i, await open().create(one, Buffer.from(`by ${i}`))] as const),
      )
      const winners = answers.filter(([, answer]) => answer === 'created')
      expect(winners).toHaveLength(1)
      expect(text(await open().read(one, 100))).toBe(`by ${winners[0]?.[0]}`)
    }
  })

  it('lists all that begins so, in order, and nothing else', async () => {
    for (const name of ['b/2', 'b/10', 'b/1', 'bb/1', 'a']) await open().put(key(name), Buffer.from(name))
    expect(await open().list(key('b'))).toEqual([key('b/1'), key('b/10'), key('b/2')])
  })

  it('holds nothing, and 20 MB', async () => {
    const large = Buffer.alloc(20_000_000, 'clone')
    await open().put(key('none'), Buffer.alloc(0))
    await open().put(key('large'), large)
    expect(await open().read(key('none'), 100)).toHaveLength(0)
    expect(large.equals((await open().read(key('large'), large.length)) ?? Buffer.alloc(0))).toBe(true)
  })

  it('gives nothing that is larger than what is asked for', async () => {
    await open().put(key('a'), Buffer.from('12345'))
    await expect(open().read(key('a'), 4)).rejects.toMatchObject({ name: 'StoreError', fault: 'damaged' })
  })

  it.each(['../a', '/a', 'a//b', 'a/', '', '.a', 'a/../../b', 'a\nb', '-a'])('takes %j for no key', async wrong => {
    await expect(async () => open().read(wrong, 100)).rejects.toThrow('no key of a store')
  })
}
