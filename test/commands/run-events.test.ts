import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepEvents } from '../../src/commands/context/logs/run-events.js'
import { runsAmong } from '../../src/commands/context/logs/run-name.js'
import { keptEvents } from '../../src/commands/report/kept-events.js'
import { keptRun } from '../../src/commands/report/kept-runs.js'
import { PreflightError } from '../../src/errors.js'
import type { Event } from '../../src/fleet/events.js'
import { outcome } from '../render/run.js'
import { demandSchemas } from '../schemas/demand.js'

const began = Date.parse('2026-11-23T18:30:45.000Z')
const clock = { now: () => began, every: () => () => {} }
const start = (command = 'deploy', stage = 'production'): Event => {
  return { type: 'run.start', command, app: 'shop', stage, by: 'anna', from: 'laptop', hosts: ['web-1'] }
}
const line = (text: string): Event => ({ type: 'output', host: 'web-1', step: 'prepare', stream: 'stdout', line: text })
const released = (release: string): Event => {
  return { type: 'run.release', release, previous: null, note: '', revision: null, message: '', commits: null }
}

describe('the events of a run', () => {
  let dir: string
  const keep = (...events: readonly Event[]) => {
    const kept = keepEvents(dir, clock)
    for (const event of events) kept.event(event)
    kept.end()
    return kept
  }
  const textOf = (run: string) => readFileSync(join(dir, `${run}.jsonl`), 'utf8')
  const typesIn = (run: string) => keptEvents(textOf(run)).map(({ event }) => event.type)
  const fill = (count: number) => {
    mkdirSync(dir, { recursive: true })
    for (let i = 0; i < count; i++) {
      const day = String(1 + Math.floor(i / 60)).padStart(2, '0')
      writeFileSync(join(dir, `202601${day}-1200${String(i % 60).padStart(2, '0')}-deploy.jsonl`), '')
    }
  }

  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), 'clonedeploy-events-')), 'logs')
  })
  afterEach(() => rmSync(join(dir, '..'), { recursive: true }))

  it('are kept by when it began and its command, as the stream has them, for its user alone', () => {
    keep(start(), released('a'), line('one'), { type: 'run.end', outcome: outcome() })
    expect(readdirSync(dir)).toEqual(['20261123-183045-deploy.jsonl'])
    expect(statSync(join(dir, '20261123-183045-deploy.jsonl')).mode & 0o777).toBe(0o600)
    const text = textOf('20261123-183045-deploy')
    demandSchemas(text)
    expect(typesIn('20261123-183045-deploy')).toEqual(['run.start', 'run.release', 'output', 'run.end'])
  })

  it.each([
    ['a dry run', [start('deploy --dry-run'), line('a')]],
    ['a command that is no run', [line('a'), { type: 'note', level: 'info', host: null, text: 'a' }]],
    ['nothing', []],
  ] as const)('are not kept of %s', (_, events) => {
    keep(...events)
    expect(existsSync(dir)).toBe(false)
  })

  it('are those of one run, also when another begins in the same second', () => {
    keep(start(), line('one'))
    keep(start(), line('two'))
    expect(runsAmong(readdirSync(dir))).toEqual(['20261123-183045-deploy', '20261123-183045-deploy-2'])
    expect(textOf('20261123-183045-deploy-2')).toContain('two')
  })

  it('are less what says nothing later: how far an upload was, and what was printed beyond 4 MB', () => {
    const long = line('a'.repeat(990_000))
    const progress: Event = { type: 'host.progress', phase: 'push', host: 'web-1', done: 1, total: 2 }
    keep(start(), progress, long, long, long, long, long, long, { type: 'run.end', outcome: outcome() })
    expect(typesIn('20261123-183045-deploy')).toEqual([
      'run.start',
      ...Array.from({ length: 4 }, () => 'output'),
      'note',
      'run.end',
    ])
  })

  it('are bounded also where lines are empty', () => {
    keep(start(), ...Array.from({ length: 50_000 }, () => line('')))
    expect(typesIn('20261123-183045-deploy').filter(type => type === 'output')).toHaveLength(40_000)
  })

  it('have an end also when the run was refused, and when that is known only after all else', () => {
    const refusal = {
      ...{ v: 1, command: 'deploy', result: 'aborted', exitCode: 3, stage: 'production', changed: 'nothing' },
      error: { code: 'preflight', message: 'No.', hint: null, changed: 'nothing' },
      ...{ reason: 'No.', details: ['a'], next: [], warnings: [], release: null, previous: null },
      ...{ digest: null, seconds: 0, bytes: 0, swapWindowMs: null, switchWindowMs: null, hosts: [] },
    }
    keep(start()).refused(refusal)
    demandSchemas(textOf('20261123-183045-deploy'))
    const { story } = keptRun(dir, { name: null, stage: null })
    expect(story.end).toMatchObject({ exitCode: 3, reason: 'No.', details: ['a'] })
    keep(line('no run')).refused(refusal)
    expect(readdirSync(dir)).toHaveLength(1)
  })

  it('are read although the last line was cut off, and newer versions say more', () => {
    keep(start())
    const file = join(dir, '20261123-183045-deploy.jsonl')
    const more = '{"v":1,"t":"2026-11-23T18:30:46.000Z","type":"party","host":"web-1"}\n'
    const known =
      '{"v":1,"t":"2026-11-23T18:30:46.000Z","type":"note","level":"info","host":null,"text":"a","more":1}\n'
    writeFileSync(file, `${readFileSync(file, 'utf8')}${more}${known}{"v":1,"t":"2026-11-23T18:30:47`)
    expect(typesIn('20261123-183045-deploy')).toEqual(['run.start', 'note'])
  })

  it('go when there are a hundred newer runs, and logs of their time with them', () => {
    fill(100)
    const log = (name: string, day: string) => {
      writeFileSync(join(dir, name), 'a')
      utimesSync(join(dir, name), new Date(day), new Date(day))
    }
    log('old.log', '2025-12-31T00:00:00Z')
    log('new.log', '2026-01-02T00:00:00Z')
    writeFileSync(join(dir, 'mine.txt'), 'a')
    keep(start())
    const files = readdirSync(dir)
    expect(runsAmong(files)).toHaveLength(100)
    expect(files).not.toContain('20260101-120000-deploy.jsonl')
    expect(files).toContain('20260101-120001-deploy.jsonl')
    expect(files.filter(name => !name.endsWith('.jsonl'))).toEqual(['mine.txt', 'new.log'])
  })

  it('stay while there are fewer, whatever their age', () => {
    fill(99)
    writeFileSync(join(dir, 'old.log'), 'a')
    utimesSync(join(dir, 'old.log'), new Date(0), new Date(0))
    keep(start())
    expect(readdirSync(dir)).toHaveLength(101)
  })
})

describe('a run is asked for', () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-runs-'))
  const keep = (at: string, ...events: readonly Event[]) => {
    const kept = keepEvents(dir, { ...clock, now: () => Date.parse(at) })
    for (const event of events) kept.event(event)
    kept.end()
  }
  beforeEach(() => {
    rmSync(dir, { recursive: true, force: true })
    keep('2026-11-21T10:00:00Z', start(), released('first'))
    keep('2026-11-22T10:00:00Z', start('rollback', 'staging'), released('second'))
    keep('2026-11-23T10:00:00Z', start('restart'), released('first'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it.each([
    ['as the newest', null, null, '20261123-100000-restart'],
    ['by its name', '20261121-100000-deploy', null, '20261121-100000-deploy'],
    ['by a release: the newest of it', 'first', null, '20261123-100000-restart'],
    ['by a release of one run', 'second', null, '20261122-100000-rollback'],
    ['as the newest of a stage', null, 'staging', '20261122-100000-rollback'],
    ['by a release and a stage', 'first', 'production', '20261123-100000-restart'],
  ])('%s', (_, name, stage, run) => {
    expect(keptRun(dir, { name, stage }).run).toBe(run)
  })

  it.each([
    ['a name that there is not', { name: '20261121-100000-deplyo', stage: null }, 'is called "20261121-100000-deplyo"'],
    ['a stage without runs', { name: null, stage: 'qa' }, 'is of qa'],
    ['a run of another stage', { name: 'second', stage: 'qa' }, 'is called "second", or is of a release'],
  ])('and %s is refused with what there is', (_, wanted, text) => {
    const refusal = thrownBy(() => keptRun(dir, wanted))
    expect(refusal).toBeInstanceOf(PreflightError)
    expect(refusal.message).toContain(text)
    expect(refusal.details).toEqual([
      '20261123-100000-restart   production   no end   first',
      '20261122-100000-rollback   staging   no end   second',
      '20261121-100000-deploy   production   no end   first',
    ])
  })

  it('where there is none', () => {
    const refusal = thrownBy(() => keptRun(join(dir, 'nowhere'), { name: null, stage: null }))
    expect(refusal.message).toBe('No run is kept here yet.')
  })

  function thrownBy(act: () => unknown): PreflightError {
    try {
      act()
    } catch (error) {
      return error as PreflightError
    }
    throw new Error('nothing was refused')
  }
})
