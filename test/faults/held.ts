import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Project, Running } from '../support/project.js'

/** A message of the controller to a host: what for, and to which port. */
export interface Message {
  readonly name: string
  readonly port: number
}

/** A run of the program that stops in its tracks at one of its messages. */
export interface Held extends Running {
  /** Waits for that message. False: the run ended before it. */
  readonly reached: () => Promise<boolean>
  readonly resume: () => void
  readonly messages: () => readonly Message[]
}

const preload = join(import.meta.dirname, 'messages.mjs')

/** The `k`-th message of a kind (`any`), counted over all hosts; 0: none. */
export interface At {
  readonly k: number
  readonly kind: string
  readonly when: 'before' | 'after'
}

/** A point at which the program stops in its tracks, for whoever starts it with this environment. */
export interface HoldPoint extends Pick<Held, 'resume' | 'messages'> {
  readonly env: Readonly<Record<string, string>>
  /** Waits for it; false: what was started has `ended` before. */
  readonly reached: (ended: Promise<unknown>) => Promise<boolean>
}

export function holdPoint({ root }: Pick<Project, 'root'>, at: At): HoldPoint {
  const dir = mkdtempSync(join(root, 'messages-'))
  return {
    env: {
      NODE_OPTIONS: `--import=${preload}`,
      CLONEDEPLOY_MESSAGES: dir,
      CLONEDEPLOY_HOLD: `${at.k} ${at.kind} ${at.when}`,
    },
    async reached(ended) {
      const over = { now: false }
      ended.then(() => {
        over.now = true
      })
      await vi.waitFor(
        () => {
          if (!existsSync(join(dir, 'held')) && !over.now) throw new Error(`message ${at.k} ${at.kind} was not sent`)
        },
        { timeout: 300_000, interval: 5 },
      )
      return existsSync(join(dir, 'held'))
    },
    resume: () => writeFileSync(join(dir, 'resume'), ''),
    messages: () => read(join(dir, 'messages')),
  }
}

/** Starts a command that is held at one of its messages; or is only counted. */
export function startHeld(project: Project, args: string, at: At = { k: 0, kind: 'any', when: 'after' }): Held {
  const { env, reached, ...point } = holdPoint(project, at)
  const running = project.start(args, { env })
  return { ...running, ...point, reached: () => reached(running.ended) }
}

function read(file: string): readonly Message[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.flatMap(line => {
    const [names = '', port] = line.split(' ')
    return names.split('+').map(name => ({ name, port: Number(port) }))
  })
}
