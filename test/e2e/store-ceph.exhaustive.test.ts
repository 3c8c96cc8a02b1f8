import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Generation } from '../../src/store/generation.js'
import { s3Store } from '../../src/store/s3.js'
import { isHere } from '../support/installed.js'
import { onCeph } from '../support/on-ceph.js'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { states } from '../support/stored.js'

describe.skipIf(!sshdIsHere() || !isHere('radosgw'))('a fleet with its store in Ceph', () => {
  const here = onFleet({ hosts: 2 })
  const ceph = onCeph()

  it('says there what it deploys, puts back and goes back to', async () => {
    const store = { s3: { bucket: 'clones', endpoint: ceph.endpoint } }
    const configure = (more: object = {}) => here.project.configure({ store, ...more })
    configure()
    expect((await here.project.run('check --json')).json()).toMatchObject({ store: { fault: null }, problems: [] })
    const one = await here.project.deployed('one')
    await here.project.deployed('two')
    configure({ health: { run: '! grep -q three version', timeout: '1s' } })
    here.project.write({ 'app/version': 'three\n', 'app/large': 'large '.repeat(3e6) })
    const back = (await here.project.run('deploy --json')).json()
    expect(back.result).toBe('put-back')
    expect((await here.project.run('rollback --yes')).code).toBe(0)
    const generations = await read()
    expect(states(generations)).toEqual(
      ['pending', 'confirmed', 'pending', 'confirmed', 'pending', 'withdrawn', 'pending', 'confirmed'].map(
        (state, i) => `${i + 1} ${state}`,
      ),
    )
    expect(generations.at(-1)).toMatchObject({ confirmed: { release: one }, bad: [{ release: back.release }] })
  })

  it('promotes from there what one stage has confirmed to another, by the same digest', async () => {
    const { project } = here
    const on = (i: number) => ({ hosts: [{ name: `h${i}`, deployTo: project.on(i) }] })
    const stages = { staging: on(1), production: on(2) }
    const store = { s3: { bucket: 'clones', endpoint: ceph.endpoint, prefix: 'promoted' } }
    project.configure({ hosts: undefined, store, stages })
    project.write({ 'app/version': 'promoted\n' })
    const staging = await project.run('deploy staging --json')
    expect([staging.code, staging.stderr]).toEqual([0, expect.anything()])
    rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })
    rmSync(join(project.root, 'app'), { recursive: true })
    const promoted = await project.run('promote production --from staging --json')
    expect([promoted.code, promoted.json()]).toEqual([
      0,
      expect.objectContaining({ result: 'deployed', stage: 'production', digest: staging.json().digest }),
    ])
    expect(promoted.stderr).toContain(`${staging.json().release} of staging: from s3://clones`)
    expect(readFileSync(project.on(2, 'current/version'), 'utf8')).toBe('promoted\n')
    const { store: said } = (await project.run('status production --json')).json()
    expect(said).toMatchObject({ standing: 'even', generation: { state: 'confirmed', command: 'promote' } })
  })

  it('gives its hosts their files, by addresses that end', async () => {
    const store = { s3: { bucket: 'clones', endpoint: ceph.endpoint } }
    here.project.configure({ store })
    const noise = () => randomBytes(2e6).toString('base64')
    const sent = async () => {
      const { code, stderr } = await here.project.run('deploy -v')
      expect([code, stderr]).toEqual([0, expect.stringMatching(/h1 .* sha256 ok, from s3:\/\/clones\n/)])
      expect(stderr).not.toContain('sent from here')
      return [...stderr.matchAll(/· h\d .* ([\d.]+ k?B) sent/g)].length
    }
    here.project.write({ 'app/large': noise() })
    expect(await sent()).toBe(2)
    here.project.write({ 'app/other': noise() })
    expect(await sent()).toBe(2)
    expect((await here.project.run('status --verify')).code).toBe(0)
    const open = s3Store({ kind: 's3', bucket: 'clones', prefix: '', region: null, endpoint: ceph.endpoint })
    expect(await open.list('shop/stages/production/parcels')).toEqual([])
    const [key = ''] = (await open.list('shop/artifacts')).filter(name => name.endsWith('/payload'))
    const address = (await open.address?.(key, 2)) ?? ''
    open.close()
    expect((await fetch(address)).status).toBe(200)
    expect((await fetch(address.replace(/Signature=./, 'Signature=g'))).status).toBe(403)
    await expect.poll(async () => (await fetch(address)).status, { timeout: 30_000 }).toBe(403)
  })

  async function read(): Promise<readonly Generation[]> {
    const open = s3Store({ kind: 's3', bucket: 'clones', prefix: '', region: null, endpoint: ceph.endpoint })
    const keys = await open.list('shop/stages/production/generations')
    const texts = await Promise.all(keys.map(key => open.read(key, 1 << 20)))
    open.close()
    return texts.map(text => JSON.parse(Buffer.from(text ?? []).toString('utf8')))
  }
})
