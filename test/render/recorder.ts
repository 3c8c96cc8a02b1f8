import type { Clock, Output } from '../../src/render/output.js'

/** An Output that keeps what was written, in order, and per stream. */
export interface Recorder {
  readonly output: Output
  readonly all: () => string
  readonly stdout: () => string
  readonly stderr: () => string
}

export function recorder(size: { isTTY?: boolean; columns?: number; rows?: number } = {}): Recorder {
  const written: { stream: 'stdout' | 'stderr'; text: string }[] = []
  const terminal = { isTTY: size.isTTY ?? false, level: 0 as const, columns: size.columns ?? 0, rows: size.rows ?? 0 }
  const of = (stream: 'stdout' | 'stderr') => (text: string) => {
    written.push({ stream, text })
  }
  const join = (stream?: 'stdout' | 'stderr') =>
    written
      .filter(one => stream === undefined || one.stream === stream)
      .map(one => one.text)
      .join('')
  return {
    output: {
      stdout: of('stdout'),
      stderr: of('stderr'),
      aside: of('stderr'),
      framed: () => {},
      terminal: { stdout: terminal, stderr: terminal },
    },
    all: () => join(),
    stdout: () => join('stdout'),
    stderr: () => join('stderr'),
  }
}

/** A clock that stands still until it is moved; its timers ring in order while it moves. */
export interface HandClock extends Clock {
  readonly move: (ms: number) => void
  readonly timers: () => number
}

export function handClock(start = Date.parse('2026-11-23T18:30:45.000Z')): HandClock {
  let now = start
  const timers = new Set<{ next: number; ms: number; tick: () => void }>()
  return {
    now: () => now,
    every: (ms, tick) => {
      const timer = { next: now + ms, ms, tick }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    move: ms => {
      const end = now + ms
      for (;;) {
        const due = [...timers].filter(timer => timer.next <= end).sort((a, b) => a.next - b.next)[0]
        if (due === undefined) break
        now = due.next
        due.next += due.ms
        due.tick()
      }
      now = end
    },
    timers: () => timers.size,
  }
}
