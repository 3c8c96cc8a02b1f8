import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { folderStore } from '../../src/store/folder.js'
import { storeContract } from './contract.js'

const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-store-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('a store in a folder', () => {
  storeContract(() => folderStore(dir))

  it('leaves nothing else beside its objects', async () => {
    const store = folderStore(join(dir, 'own'))
    await store.create('a/b', Buffer.from('1'))
    await store.create('a/b', Buffer.from('2'))
    await store.put('a/b', Buffer.from('3'))
    expect(readdirSync(join(dir, 'own/a'))).toEqual(['b'])
  })

  it('says what is wrong with its folder', async () => {
    writeFileSync(join(dir, 'file'), '')
    await expect(folderStore(join(dir, 'file')).put('a', Buffer.from('1'))).rejects.toMatchObject({
      name: 'StoreError',
      fault: 'failing',
      exitCode: 3,
    })
  })
})
