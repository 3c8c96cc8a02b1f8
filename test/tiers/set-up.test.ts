import { describe, expect, it } from 'vitest'
import { isSkipped, type Program, programs, skipOf } from './programs.js'
import { type Machine, needed, refusal } from './set-up.js'

const sshd: Program = { name: 'sshd', apt: 'openssh-server' }
const pm2: Program = { name: 'pm2', npm: 'pm2@7' }
const able: Machine = { missing: [sshd], mayInstall: true, hasApt: true, asRoot: [] }

describe('what is missing', () => {
  it.each<[string, Partial<Machine>]>([
    ['root', {}],
    ['who has sudo without a password', { asRoot: ['sudo', '-n'] }],
    ['anybody, where only a package of npm is missing', { missing: [pm2], asRoot: null, hasApt: false }],
  ])('is installed for %s', (_, machine) => {
    expect(refusal('everyday', { ...able, ...machine })).toBeNull()
  })

  it.each<[string, Partial<Machine>, string]>([
    ['without root', { asRoot: null }, 'sudo apt-get install --no-install-recommends openssh-server\n'],
    [
      'without apt-get',
      { hasApt: false },
      'apt-get install --no-install-recommends openssh-server    # on Debian and Ubuntu\n',
    ],
    [
      'where nothing may be installed',
      { mayInstall: false },
      'apt-get install --no-install-recommends openssh-server\n',
    ],
  ])('is named, with the line that installs it, %s', (_, machine, line) => {
    const said = refusal('everyday', { ...able, ...machine })
    expect(said).toContain('\n  sshd  openssh-server\n')
    expect(said).toContain(`\n  ${line}`)
  })

  it('is named once for each package', () => {
    const two = [sshd, { name: 'sftp-server', apt: 'openssh-server' }, pm2]
    const said = refusal('exhaustive', { ...able, missing: two, mayInstall: false })
    expect(said?.match(/apt-get.*/g)).toEqual(['apt-get install --no-install-recommends openssh-server'])
    expect(said).toMatch(/\n {2}npm install --prefix \S+ pm2@7\n/)
  })

  it('may be skipped by a variable, and never in CI', () => {
    const name = 'no-such-program'
    const skip = { [skipOf(name)]: '1' }
    expect(Object.keys(skip)).toEqual(['CLONEDEPLOY_SKIP_NO_SUCH_PROGRAM'])
    expect([isSkipped(name, skip), isSkipped(name, { ...skip, CI: 'true' }), isSkipped(name, {})]).toEqual([
      true,
      false,
      false,
    ])
    expect(isSkipped('sh', { CLONEDEPLOY_SKIP_SH: '1' })).toBe(false)
  })
})

describe('a program that few tests need', () => {
  const flask: Program = { name: 'flask', apt: 'python3-flask', recipes: ['flask', 'django'] }
  it.each([
    ['is installed for all tests', null, [sshd, flask]],
    ['is installed for a slice that has one of them', ['test/recipes/flask.exhaustive.test.ts'], [sshd, flask]],
    ['is not installed for another slice', ['test/recipes/php.exhaustive.test.ts'], [sshd]],
  ])('%s', (_, files, programs) => {
    expect(needed([sshd, flask], files)).toEqual(programs)
  })
})

describe('the programs', () => {
  it('of every day are among those of the exhaustive tests', () => {
    expect(programs.exhaustive).toEqual(expect.arrayContaining([...programs.everyday]))
    expect(new Set(programs.exhaustive.map(({ name }) => name)).size).toBe(programs.exhaustive.length)
  })
})
