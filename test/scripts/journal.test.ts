import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { discard } from '../../src/scripts/transaction/end-transaction.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { writeFiles } from '../support/files.js'
import { folder, place, run, shells } from '../support/scripts.js'
import { succeed } from './staged.js'

/** What stands in `made` of a transaction, and what of deployTo it may take with it. */
const journals: readonly (readonly [string, boolean])[] = [
  ['../shared', false],
  ['../../other', false],
  ['.', false],
  ['..', false],
  ['', false],
  ['-rf', false],
  ['20260101000000', false],
  ['20260101-000000-aaaaaaa', true],
]

/** A release that clonedeploy unpacked, one of another tool, and what is no release at all. */
const tree = {
  'shop/releases/20260101000000/x': '',
  'shop/releases/20260101-000000-aaaaaaa/x': '',
  'shop/.clonedeploy/manifests/20260101-000000-aaaaaaa': '',
  'shop/shared/upload': '',
  'other/x': '',
}

describe.each(shells)('a journal under $name', shell => {
  it.each(journals)('that names %j as what it made takes nothing else with it', async (made, goes) => {
    const parent = folder()
    const root = join(parent, 'shop')
    writeFiles(parent, { ...tree, 'shop/.clonedeploy/tx/dead/made': `${made}\n` })
    await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
    expect(existsSync(join(root, '.clonedeploy/tx/dead'))).toBe(false)
    expect(left(parent)).toEqual(goes ? kept : whole)
  })

  it.each(journals)('of our own that names %j is thrown away with nothing else', async (made, goes) => {
    const parent = folder()
    const root = join(parent, 'shop')
    writeFiles(parent, tree)
    await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
    writeFiles(root, { '.clonedeploy/tx/t1/made': `${made}\n` })
    await succeed(run(discard(place(root)), shell))
    expect(left(parent)).toEqual(goes ? kept : whole)
  })
})

const whole = Object.keys(tree).filter(name => !name.includes('.clonedeploy'))
const kept = whole.filter(name => !name.includes('aaaaaaa'))

function left(parent: string): readonly string[] {
  return whole.filter(name => existsSync(join(parent, name)))
}
