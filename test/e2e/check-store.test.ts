import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { anyCredentials, type Fault, type S3Server, startS3 } from '../support/s3-server.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('check, with a store', () => {
  const here = onFleet({ hosts: 1 })
  let s3: S3Server

  beforeEach(async () => {
    for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
    s3 = await startS3()
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await s3.stop()
  })

  const bucket = () => ({ store: { s3: { bucket: 'acme', prefix: 'p', endpoint: s3.endpoint } } })

  it('says of a folder that it is fit, and leaves nothing in it', async () => {
    const { project } = here
    project.configure({ store: { dir: 'kept' } })
    const { code, json } = await project.run('check --json')
    expect([code, json().store, json().problems]).toEqual([0, { name: join(project.root, 'kept'), fault: null }, []])
    const left = readdirSync(join(project.root, 'kept'), { recursive: true, withFileTypes: true })
    expect(left.filter(one => one.isFile())).toEqual([])
  })

  it('says of a bucket that it is fit, and leaves nothing in it', async () => {
    here.project.configure(bucket())
    const { code, stdout } = await here.project.run('check')
    expect(code).toBe(0)
    expect(stdout).toContain('✔ store s3://acme/p   keeps what is created, and refuses to replace it\n')
    expect(s3.objects.size).toBe(0)
  })

  it.each<[string, Fault, string, string, string]>([
    [
      'ignores the condition',
      'unconditional',
      'unfit',
      'The store s3://acme/p lets a second create replace the first: it ignores If-None-Match, so two deploys could both win.',
      'use another store, or leave "store" out of the config',
    ],
    [
      'cannot do it',
      501,
      'unfit',
      'The store s3://acme/p cannot create an object on the condition that there is none.',
      'use another store, or leave "store" out of the config',
    ],
    [
      'lets us read alone',
      403,
      'denied',
      'The store s3://acme/p refused the credentials, or what they may do.',
      'let them list, read, create and remove objects there',
    ],
  ])('refuses one that %s, and says what helps', async (_, fault, kind, text, fix) => {
    s3.fault = ({ method }) => (method === 'PUT' ? fault : null)
    here.project.configure(bucket())
    const told = await here.project.run('check --json')
    expect(told.code).toBe(3)
    expect(told.json()).toMatchObject({ store: { name: 's3://acme/p', fault: kind } })
    expect(told.json().problems).toMatchObject([{ host: 's3://acme/p', text, fix }])
    const shown = await here.project.run('check')
    expect(shown.stdout).toContain(`✖ ${text}\n`)
    expect(shown.stdout).toContain(`  ${fix}\n`)
    expect(shown.stdout).not.toContain('look: clonedeploy check')
    expect(s3.objects.size).toBe(0)
  })

  it('says that there are no credentials, and what to set', async () => {
    here.project.configure(bucket())
    const env = { AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true', HOME: here.project.root }
    const { code, stdout, stderr } = await here.project.start('check', { env }).ended
    expect([code, stderr]).toEqual([3, ''])
    expect(stdout).toContain('✖ The store s3://acme/p needs credentials, and none were found.\n')
    expect(stdout).toContain('  set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE\n')
  })

  it('says of a folder that cannot be one why', async () => {
    writeFileSync(join(here.project.root, 'kept'), 'a file')
    here.project.configure({ store: { dir: 'kept' } })
    const { code, json } = await here.project.run('check --json')
    expect(code).toBe(3)
    expect(json().store.fault).toBe('failing')
    expect(json().problems[0].text).toContain('ENOTDIR')
  })

  it('is not asked for where none is configured', async () => {
    const { json } = await here.project.run('check --json')
    expect(json().store).toBeNull()
    expect(existsSync(join(here.project.root, 'kept'))).toBe(false)
  })
})
