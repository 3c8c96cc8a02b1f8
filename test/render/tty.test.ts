import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/fleet/events.js'
import { createOutput, type Output } from '../../src/render/output.js'
import { createPaint, noPaint } from '../../src/render/paint.js'
import { createRenderer } from '../../src/render/progress/create-renderer.js'
import { frameLines } from '../../src/render/progress/frame.js'
import { advance, noProgress, type Progress } from '../../src/render/progress/progress.js'
import type { RendererOptions } from '../../src/render/progress/renderer.js'
import { widthOf } from '../../src/render/table.js'
import { type HandClock, handClock } from './recorder.js'
import { deployed, failing, newer, older } from './run.js'
import { type Screen, screen } from './screen.js'

interface Terminal {
  readonly clock: HandClock
  readonly screen: Screen
  readonly stdout: string[]
  readonly event: (event: Event) => void
  readonly end: () => void
}

async function terminal(options: RendererOptions = {}, size = { columns: 80, rows: 24 }): Promise<Terminal> {
  const clock = handClock()
  const shown = screen()
  const stdout: string[] = []
  const tty = { isTTY: true, level: 1 as const, ...size }
  const output: Output = {
    stdout: text => stdout.push(text),
    stderr: shown.write,
    aside: shown.write,
    framed: () => {},
    terminal: { stdout: tty, stderr: tty },
  }
  const renderer = await createRenderer('tty', output, { clock, ...options })
  return { clock, screen: shown, stdout, ...renderer }
}

function play(on: Terminal, run: readonly (readonly [Event, number])[]): void {
  for (const [event, ms] of run) {
    on.event(event)
    on.clock.move(ms)
  }
}

function screenOf(on: Terminal): string {
  return on.screen.lines().join('\n').trimEnd()
}

describe('on a terminal', () => {
  it('finished phases are one line each', async () => {
    const on = await terminal()
    play(on, deployed)
    expect(screenOf(on)).toBe(`shop → production   3 hosts   release ${newer} (main, clean)   was ${older}

00:00 check      ✔ 3/3 hosts   2s
00:02 build      ✔ npm run build   11s
00:13 push       ✔ 12.4 MB to each   12s
00:24 swap       ✔ 3/3 swapped in 41 ms

✔ Deployed ${newer} to 3 hosts in 31s.
  undo: clonedeploy rollback
  log:  .clonedeploy/logs/${newer}.log`)
    expect(on.stdout).toEqual([])
    expect(on.clock.timers()).toBe(0)
    expect(on.screen.unknown()).toEqual([])
  })

  it('what is known only after the end stands below it', async () => {
    const on = await terminal()
    play(on, deployed)
    on.event({ type: 'note', level: 'warning', host: null, text: 'notify: a message to a.b was not taken' })
    on.end()
    expect(screenOf(on).split('\n').slice(-3)).toEqual([
      '  undo: clonedeploy rollback',
      `  log:  .clonedeploy/logs/${newer}.log`,
      '      ! notify: a message to a.b was not taken',
    ])
  })

  it('the phase under way shows each of its hosts', async () => {
    const on = await terminal()
    play(on, deployed.slice(0, 15))
    on.event({ type: 'host.start', phase: 'push', step: 'npm ci', host: 'web-2' })
    on.event({ type: 'output', host: 'web-2', step: 'npm ci', stream: 'stdout', line: 'added\t12 packages' })
    on.clock.move(2160)
    expect(screenOf(on)).toBe(`shop → production   3 hosts   release ${newer} (main, clean)   was ${older}

00:00 check      ✔ 3/3 hosts   2s
00:02 build      ✔ npm run build   11s
00:13 push       ⠋ 1/3
  ✔ web-1   12.4 MB in 1.1s, sha256 ok
  ⠋ web-3   ███░░░░░░░  33%   4.1 MB   28s left
  ⠋ web-2   npm ci   2s
  web-2 | added    12 packages`)
    on.end()
    expect(screenOf(on)).toBe(`shop → production   3 hosts   release ${newer} (main, clean)   was ${older}

00:00 check      ✔ 3/3 hosts   2s
00:02 build      ✔ npm run build   11s`)
    expect(on.clock.timers()).toBe(0)
  })

  it('a host that failed keeps its line and the last that it printed', async () => {
    const on = await terminal()
    const noise = Array.from({ length: 30 }, (_, i): readonly [Event, number] => [
      { type: 'output', host: i < 15 ? 'web-3' : 'web-1', step: 'health', stream: 'stdout', line: `line ${i}` },
      0,
    ])
    play(on, [...failing.slice(0, 6), ...noise, ...failing.slice(6, 15)])
    expect(screenOf(on)).toBe(`shop → production   2 hosts

      release ${newer}   was ${older}
      ! web-1    the clock is 40s behind
00:00 health     ✖ 1/2   30s
  ✖ web-3   GET / → 500, 10 tries in 30s
    web-3 | line 7
    web-3 | line 8
    web-3 | line 9
    web-3 | line 10
    web-3 | line 11
    web-3 | line 12
    web-3 | line 13
    web-3 | line 14
    web-3 | \\x1b[31m::error::Cannot find\\x0d
    web-3 | ##[add-mask]a
00:29 rollback   ✔ web-3 failed, putting all 2 hosts back`)
  })

  it('every line that was printed stays with -v', async () => {
    const on = await terminal({ verbosity: 'verbose' })
    play(on, [[{ type: 'phase.start', phase: 'build' }, 0], ...deployed.slice(8, 10)])
    expect(screenOf(on)).toBe(`      build    | vite v7.1.0 building for production...
00:00 build      ✔ npm run build   11s`)
  })

  it('nothing is redrawn with -q', async () => {
    const on = await terminal({ verbosity: 'quiet' })
    play(on, deployed.slice(0, 15))
    expect(screenOf(on)).toBe('')
  })
})

describe('what comes of no event', () => {
  async function framed() {
    const clock = handClock()
    const shown = screen()
    const write = (text: string) => {
      shown.write(text)
      return true
    }
    const window = { isTTY: true, columns: 80, rows: 24, destroyed: false, write, on: () => {} }
    const output = createOutput({ stdout: window, stderr: window }, {}, { color: true })
    const renderer = await createRenderer('tty', output, { clock })
    const on: Terminal = { clock, screen: shown, stdout: [], ...renderer }
    play(on, deployed.slice(0, 15))
    return { on, output }
  }

  it('leaves no frame above it, and one below while the run goes on', async () => {
    const { on, output } = await framed()
    const before = screenOf(on).split('\n')
    const kept = before.slice(
      0,
      before.findIndex(line => line.startsWith('00:13 push')),
    )
    expect(before.length - kept.length).toBeGreaterThan(2)
    output.aside('\nSIGINT: stopping. What was prepared is removed, what was swapped is put back.\n')
    const notice = [...kept, '', 'SIGINT: stopping. What was prepared is removed, what was swapped is put back.']
    expect(screenOf(on)).toBe(notice.join('\n'))
    on.clock.move(80)
    expect(screenOf(on).split('\n').slice(0, notice.length)).toEqual(notice)
    expect(on.screen.lines().filter(line => line.includes('push  '))).toHaveLength(1)
    on.end()
    expect(screenOf(on)).toBe(notice.join('\n'))
  })

  it('is wrapped between words', async () => {
    const { on, output } = await framed()
    output.aside(`${'stopping '.repeat(12).trim()}\n`)
    on.end()
    expect(screenOf(on).split('\n').slice(-2)).toEqual(['stopping '.repeat(9).trim(), 'stopping '.repeat(3).trim()])
  })
})

describe('the frame', () => {
  const hosts = Array.from({ length: 40 }, (_, i) => `web-${i + 1}`)
  const many: readonly Event[] = [
    { type: 'run.start', command: 'deploy', app: 'shop', stage: 'production', by: 'anna', from: 'laptop', hosts },
    { type: 'phase.start', phase: 'push' },
    ...hosts.map((host): Event => ({ type: 'host.start', phase: 'push', step: 'upload', host })),
    ...hosts.map(
      (host, i): Event =>
        i < 20
          ? {
              type: 'host.end',
              phase: 'push',
              step: 'upload',
              host,
              ok: i !== 7,
              ms: 1,
              note: i === 7 ? 'lost' : 'done',
            }
          : { type: 'host.progress', phase: 'push', host, done: (45 - i) * 100_000, total: 2_500_000 },
    ),
  ]

  it('of 40 hosts on 24 rows shows the failed, then the slowest, and counts the others', () => {
    const lines = frameLines(told(many, 0), { columns: 80, rows: 24 }, 4000, noPaint)
    expect(lines.join('\n')).toBe(`00:00 push       ⠋ 19/40
  ✖ web-8    lost
  ⠋ web-39   ██░░░░░░░░  28%   700 kB   10s left
  ⠋ web-40   ██░░░░░░░░  24%   600 kB   13s left
  ⠋ web-37   ███░░░░░░░  36%   900 kB   7s left
  ⠋ web-38   ███░░░░░░░  32%   800 kB   9s left
  ⠋ web-34   ████░░░░░░  48%   1.2 MB   4s left
  ⠋ web-35   ████░░░░░░  44%   1.1 MB   5s left
  ⠋ web-36   ████░░░░░░  40%   1 MB   6s left
  ⠋ web-32   █████░░░░░  56%   1.4 MB   3s left
  ⠋ web-33   █████░░░░░  52%   1.3 MB   4s left
  ⠋ web-29   ██████░░░░  68%   1.7 MB   2s left
  ⠋ web-30   ██████░░░░  64%   1.6 MB   2s left
  ⠋ web-31   ██████░░░░  60%   1.5 MB   3s left
  ⠋ web-27   ███████░░░  76%   1.9 MB   1s left
  ⠋ web-28   ███████░░░  72%   1.8 MB   2s left
  ⠋ web-24   ████████░░  88%   2.2 MB   1s left
  ⠋ web-25   ████████░░  84%   2.1 MB   1s left
  ⠋ web-26   ████████░░  80%   2 MB   1s left
  ⠋ web-22   █████████░  96%   2.4 MB   1s left
  ⠋ web-23   █████████░  92%   2.3 MB   1s left
  … 20 more (19 done)`)
    expect(lines).toHaveLength(22)
  })

  it.each([
    [80, 24],
    [80, 5],
    [20, 24],
    [10, 3],
    [200, 60],
    [80, 1],
  ])('fits %d columns and %d rows, whatever the hosts print', async (columns, rows) => {
    const output = hosts.map(
      (host): Event => ({
        type: 'output',
        host,
        step: 'x',
        stream: 'stdout',
        line: `\t服务器 \u001b[31m${'long '.repeat(100)}`,
      }),
    )
    const second: readonly Event[] = [
      { type: 'phase.start', phase: 'build', note: 'x'.repeat(300) },
      { type: 'output', host: null, step: 'x', stream: 'stdout', line: 'y'.repeat(3000) },
    ]
    for (const paint of [noPaint, await createPaint(1)]) {
      for (const events of [many, [...many, ...output], [...many, ...output, ...second]]) {
        const lines = frameLines(told(events, 0), { columns, rows }, 4000, paint)
        expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 2))
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
        expect(lines.join('')).not.toContain('\n')
      }
    }
  })

  it('is empty when nothing is under way', () => {
    expect(frameLines(noProgress(0), { columns: 80, rows: 24 }, 0, noPaint)).toEqual([])
  })
})

function told(events: readonly Event[], now: number): Progress {
  return events.reduce((progress, event) => advance(progress, event, now), noProgress(now))
}
