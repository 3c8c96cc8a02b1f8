import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acting, textsIn } from '../support/evil.js'
import { hostile } from '../support/hostile.js'
import { type Ended, type Project, startProject } from '../support/project.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'
import { tried } from '../support/tier.js'

interface Command {
  readonly args: string
  /** Makes what it is about, while the host is honest; the rest of its arguments. */
  readonly first?: (project: Project) => Promise<string>
}

const changed = async (project: Project) => {
  project.write({ 'app/version': 'three\n' })
  return ''
}

const commands: readonly Command[] = [
  { args: 'status' },
  { args: 'status --verify' },
  { args: 'status --json' },
  { args: 'releases' },
  { args: 'check' },
  { args: 'logs' },
  { args: 'run -- echo said' },
  { args: 'deploy --dry-run', first: changed },
  { args: 'rollback --dry-run' },
  { args: 'repair --dry-run' },
  { args: 'deploy', first: changed },
  { args: 'rollback -y' },
  { args: 'repair' },
  {
    args: 'join --host h1',
    first: async ({ on }) => execFileSync('rm', ['-rf', on(1)], { encoding: 'utf8' }),
  },
  { args: 'prune --keep 1' },
  { args: 'lock' },
  { args: 'unlock --tx', first: async project => (await project.run('lock --json')).json().tx },
  { args: 'maintenance on' },
  { args: 'maintenance off', first: async project => `${(await project.run('maintenance on')).code || ''}` },
]

interface Kind {
  readonly name: string
  /** What becomes of each line of its answers (a program for sed), or what runs in place of any script. */
  readonly edits?: string
  readonly runs?: string
  /** The exit codes of the commands, in their order; absent: the host cannot be read. */
  readonly codes?: string
  /** What status says of it. */
  readonly says: string
  /** Stands for its like every day. */
  readonly everyday?: true
}

const unread = '666 6 333 336 336 3 3 36 33'
const alike = '000 0 000 000 000 0 0 00 00'
const damaged = '666 0 300 336 336 3 0 00 00'
const doubtful = '666 0 300 660 666 6 6 60 66'
const locked = '000 0 300 444 444 4 4 40 44'
const elsewhere = '666 0 000 000 443 6 0 00 00'

/** For sed: text that acts on a terminal in every way; and a path that leads out of any folder. */
const evil = String.raw`evil\x1b]0;title\x07\x1b[2J\rover\xc2\x9b31m\x7f\xe2\x80\xaeback`
const away = String.raw`..\/..\/escaped`
const tx = '0f'.repeat(22)
const release = '20260101-000000-aaaaaaa'

/** The same in a record: whoever reads the JSON gets the characters themselves. */
const evilJson = String.raw`evil\\u001b]0;title\\u0007\\u001b[2J\\rover\\u009b31m\\u007f\\u202eback`
const record = (...names: readonly string[]) => names.map(name => `"${name}":"${evilJson}"`).join(',')
const holder = `holder {"tx":"${tx}",${record('who', 'from', 'command', 'reason', 'since')}}`

/** With these lines put into the answer of inspect. */
const told = (...lines: readonly string[]) => String.raw`s/^kind .*/&\n${lines.join(String.raw`\n`)}/`

const kinds: readonly Kind[] = [
  { name: 'garbage', runs: 'echo garbage', says: 'runs no scripts', everyday: true },
  { name: 'words for a terminal', runs: `printf '${evil}\\n' | tee /dev/stderr; exit 3`, says: 'runs no scripts' },
  { name: 'no line end, before any answer', runs: "yes | tr -d '\\n'", says: 'h2 could not be read' },
  { name: 'lines, before any answer', runs: 'yes', says: 'h2 could not be read', everyday: true },
  {
    name: 'an endless answer of lines',
    edits: '/^root /e yes $(printf %09000d 0)',
    says: 'answered with more than 8 MB',
  },
  {
    name: 'an endless answer without a line end',
    edits: String.raw`/^root /e yes $(printf %09000d 0) | tr -d '\\n'`,
    says: 'answered with more than 8 MB',
    everyday: true,
  },
  { name: 'an answer without its end', edits: '/^@whole$/d', says: 'its answer has no end', everyday: true },
  {
    name: 'half of an answer',
    runs: `sh -c "$SSH_ORIGINAL_COMMAND" | { sed -u '/^kind /Q'; kill -9 $$; }`,
    says: 'killed by SIGKILL',
  },
  {
    name: 'an exit code that is none',
    edits: String.raw`s/^\(@:.*:end\) .*/\1 zero/`,
    says: 'runs no scripts',
    everyday: true,
  },
  { name: 'an empty exit code', edits: String.raw`s/^\(@:.*:end\) .*/\1 /`, says: 'runs no scripts' },
  { name: 'another exit code', edits: String.raw`s/^\(@:.*:end\) .*/\1 7/`, says: 'runs no scripts' },
  {
    name: 'another folder',
    edits: `s/^root .*/root \\/${away}/`,
    says: 'answered for another folder, "/../../escaped"',
  },
  {
    name: 'texts for a terminal',
    edits: [
      `s/^\\(user\\|shell\\|home\\|tar\\|now\\) .*/\\1 ${evil}/`,
      `s/^\\(revision [^ ]*\\) .*/\\1 ${evil}/`,
      `s/^\\(disk.*%\\) .*/\\1 ${evil}/`,
      `s/^fleet {/&"excluded":[{${record('host', 'reason', 'by', 'at')}}],/`,
      `s/^history .*/history {${record('at', 'by', 'command', 'release', 'previous')}}/`,
      `s/^\\(seal [^ ]* [^ ]* {.*"by":\\)"[^"]*"/\\1"${evilJson}"/`,
      `s/^\\(said\\|one\\|two\\|three\\)$/${evil}/`,
    ].join('\n'),
    // Whether the revision of an earlier release is the same on both is not known.
    codes: '000 0 000 030 030 0 0 00 00',
    says: 'Both hosts serve',
    everyday: true,
  },
  {
    name: 'bad marks for a terminal',
    edits: String.raw`s/^release \(.*\)/&\nbad \1 ${evil}/`,
    codes: '000 0 000 030 030 0 0 00 00',
    says: 'Both hosts serve',
  },
  {
    name: 'a link for a terminal',
    edits: `s/^current link .*/current link yes - ${evil}/`,
    codes: elsewhere,
    says: 'h2 serves evil',
  },
  { name: 'a lock for a terminal', edits: told('epoch 9', 'held 1', holder), codes: locked, says: 'held by evil' },
  {
    name: 'the end of a lock for a terminal',
    edits: told('epoch 9', 'held 1', `ended ${evil}`, holder),
    codes: '000 0 300 660 666 6 6 60 66',
    says: 'that run is over (evil',
  },
  {
    name: 'maintenance for a terminal',
    edits: told(`maintenance {${record('by', 'at', 'reason')},"out":["${evilJson}"]}`),
    codes: alike,
    says: 'maintenance is on on h2 only   by evil',
  },
  {
    name: 'a swap back to what is for a terminal',
    edits: told(`tx ${tx} swapped - ${release} ${evil}`),
    codes: doubtful,
    says: `h2 swapped to ${release} and was never confirmed`,
  },
  {
    name: 'processes for a terminal',
    edits: String.raw`s/^@whole$/process 7 ${release} app ${evil}\n&/`,
    codes: '666 0 000 000 550 0 0 00 00',
    says: `h2 still runs ${release}: evil`,
  },
  {
    name: 'releases that lead elsewhere',
    edits: told(`release ${away}`, `bad ${away} x`, `confirmed ${away}`, `seal ${away} - {}`, `run ${away} {}`),
    codes: alike,
    says: 'Both hosts serve',
  },
  {
    name: 'a link that leads elsewhere',
    edits: `s/^current .*/current link yes ${away} ${away}/`,
    codes: elsewhere,
    says: 'h2 serves ../../escaped',
  },
  {
    name: 'a transaction that leads elsewhere',
    edits: told(`tx ${away} swapped - ${away} ${away}`),
    codes: damaged,
    says: 'h2: .clonedeploy/tx holds "../../escaped", which is not named like a transaction',
    everyday: true,
  },
  {
    name: 'a transaction of what leads elsewhere',
    edits: told(`tx ${tx} swapped - ${away} ${away}`),
    codes: damaged,
    says: `h2: .clonedeploy/tx/${tx} does not name the release that it was to bring`,
  },
  {
    name: 'a swap back to what leads elsewhere',
    edits: told(`tx ${tx} swapped - ${release} ${away}`),
    codes: doubtful,
    says: `h2 swapped to ${release} and was never confirmed`,
  },
  {
    name: 'a fleet that leads elsewhere',
    edits: `s/^\\(fleet .*"release":\\)"[^"]*"/\\1"${away}"/`,
    codes: damaged,
    says: 'h2: .clonedeploy/fleet does not fit at release',
  },
  {
    name: 'a holder that leads elsewhere',
    edits: told('epoch 9', 'held 1', `holder {"tx":"${away}"}`),
    codes: locked,
    says: 'held by unknown',
  },
  {
    name: 'a history that leads elsewhere',
    edits: `s/^\\(history .*"release":\\)"[^"]*"/\\1"${away}"/`,
    codes: alike,
    says: 'Both hosts serve',
  },
  {
    name: 'numbers that are none',
    edits: String.raw`s/^\(clock\|epoch\|held\|lease\|now\|disk\|inodes\) .*/\1 1e999 -1 x 99999999999999999999/`,
    codes: '000 0 300 300 300 0 0 00 00',
    says: 'Both hosts serve',
  },
  {
    name: 'enormous numbers',
    edits: String.raw`s/^\(clock\|epoch\|now\) .*/\1 999999999999999/`,
    codes: alike,
    says: 'Both hosts serve',
  },
]

const cases = kinds.flatMap(kind =>
  commands.map((command, i) => ({
    ...{ name: kind.name, args: command.args, kind, command },
    code: Number((kind.codes ?? unread).replaceAll(' ', '')[i]),
  })),
)

describe.skipIf(!sshdIsHere())('one of two hosts, which says', () => {
  const hosts = hostile(2)
  let fleet: TestFleet
  let project: Project
  let banner: string
  let before: readonly string[]
  let honest: readonly string[]
  const saved = (i: number) => join(fleet.dir, `saved${i}`)

  beforeAll(async () => {
    const { sshdConfig } = hosts.options
    banner = hosts.file('banner', Buffer.from('evil\x1b]0;title\x07\x1b[2J\rover\u009b31m\u202eback\n'))
    fleet = await startFleet({
      hosts: 2,
      sshdConfig: (i, at) => [...(sshdConfig?.(i, at) ?? []), ...(i === 2 ? [`Banner ${banner}`] : [])],
    })
    project = await startProject(fleet)
    const health = { run: 'cat version', timeout: '3s' }
    project.configure({ prepare: ['echo said'], restart: 'true', health, logs: 'echo said' })
    await project.deployed('one')
    await project.deployed('two')
    for (const i of [1, 2]) execFileSync('cp', ['-a', project.on(i), saved(i)])
    honest = ofFirst(await project.run('status --no-color'))
  })
  afterAll(async () => {
    project?.remove()
    await fleet?.stop()
    hosts.remove()
  })
  beforeEach(() => {
    hosts.honest()
    for (const i of [1, 2]) execFileSync('sh', ['-c', 'rm -rf "$1" && cp -a "$2" "$1"', '-', project.on(i), saved(i)])
    execFileSync('rm', ['-rf', join(project.root, '.clonedeploy/logs')])
    project.write({ 'app/version': 'two\n' })
    before = outside()
  })

  /** All there is on the hosts and in the project, but for what lies in deployTo, the logs and the cache. */
  const outside = () => {
    const ours = [project.on(1), project.on(2), saved(1), saved(2), join(project.root, '.clonedeploy')]
    const found = execFileSync('find', [
      fleet.dir,
      project.root,
      ...ours.flatMap(path => ['-path', path, '-prune', '-o']),
      '-print',
    ])
    return found.toString().split('\n').sort()
  }

  /** Runs it as a step of a workflow; everything that it says and writes. */
  const run = async (args: string) => {
    const files = { GITHUB_STEP_SUMMARY: join(project.root, 'summary'), GITHUB_OUTPUT: join(project.root, 'outputs') }
    for (const file of Object.values(files)) writeFileSync(file, '')
    before = outside()
    const plain = args.replace(/^\S+/, '$& --no-color')
    const ended = await project.run(plain, { env: { GITHUB_ACTIONS: 'true', ...files } })
    const logs = join(project.root, '.clonedeploy/logs')
    const written = existsSync(logs) ? readdirSync(logs).map(name => join(logs, name)) : []
    const texts = [...written, ...Object.values(files)].map(file => readFileSync(file, 'utf8'))
    const json = args.includes('--json') ? textsIn(ended.json()) : []
    return { ended, texts: [ended.stdout, ended.stderr, ...texts, ...json] }
  }

  it.each(
    tried(cases, ({ kind, args }) => kind.everyday === true && args === 'status'),
  )('$name, is alone told to be wrong by `$args`', async ({ kind, command, args, code }) => {
    const more = (await command.first?.(project)) ?? ''
    if (kind.edits !== undefined) hosts.edits(2, kind.edits)
    if (kind.runs !== undefined) hosts.runs(2, kind.runs)
    const { ended, texts } = await run(`${args} ${more}`)
    expect(ended.code, ended.stderr).toBe(code)
    expect(texts.filter(text => acting.test(text))).toEqual([])
    expect(outside()).toEqual(before)
    expect(ended.stdout + ended.stderr).not.toMatch(/✖[^\n]*\bh1\b/)
    if (code !== 0 && !args.startsWith('rollback')) expect(complaints(ended)).toMatch(/\bh2\b/)
    if (args === 'status') {
      expect(ofFirst(ended)).toEqual(expect.arrayContaining([...honest]))
      expect(ended.stdout.replaceAll(/ +/g, ' ')).toContain(kind.says.replaceAll(/ +/g, ' '))
    }
    hosts.honest()
    if (/^(deploy|rollback|repair|prune|maintenance)/.test(args)) expect(await whole()).toBe('consistent')
  })

  /** What the fleet is once the host is honest again; a repair ends what was left undecided. */
  const whole = async () => {
    const { result, lock } = (await project.run('status --json')).json()
    if (result === 'consistent' && lock === null) return result
    await project.run('repair')
    return (await project.run('status --json')).json().result
  }
})

/** The lines about h1 alone, without what is never the same twice, and without the place of what only h2 has. */
function ofFirst({ stdout }: Ended): readonly string[] {
  const lines = stdout.split('\n').filter(line => /\bh1\b/.test(line) && !/\bh2\b/.test(line))
  return lines.map(line =>
    line
      .replaceAll(/\d+[smhd]?/g, '#')
      .replaceAll(/ +/g, ' ')
      .replace(' - ', ' ')
      .trim(),
  )
}

/** What is wrong, in all that was said. */
function complaints({ stdout, stderr }: Ended): string {
  return `${stdout}${stderr}`.replace(/^[^✖{]*/, '')
}
