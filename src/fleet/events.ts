import type { Commit } from '../artifact/git/history.js'
import type { Outcome, Phase } from './outcome.js'

/** Everything that happens, told as it happens. Renderers, the log and the report are functions of these. */
export type Event =
  | {
      readonly type: 'run.start'
      readonly command: string
      readonly app: string
      readonly stage: string
      /** Who runs it, and from where: a machine, or the address of a CI run. */
      readonly by: string
      readonly from: string
      readonly hosts: readonly string[]
    }
  /** What is going to be served, once it is known; `previous` is what most hosts serve now. */
  | {
      readonly type: 'run.release'
      readonly release: string
      readonly previous: string | null
      readonly note: string
      /** The commit; null where none is known. */
      readonly revision: string | null
      /** What was said with `--message`, or the commit's subject; '' where neither is. */
      readonly message: string
      /** Of a deploy from git: the commits that come new, newest first, 100 at most; null where that cannot be told. */
      readonly commits: readonly Commit[] | null
    }
  | { readonly type: 'phase.start'; readonly phase: Phase; readonly note?: string }
  /** `note` is the phase in a few words: `3/3 swapped in 41 ms`. */
  | {
      readonly type: 'phase.end'
      readonly phase: Phase
      readonly ok: boolean
      readonly ms: number
      readonly note: string
    }
  | { readonly type: 'host.start'; readonly phase: Phase; readonly step: string; readonly host: string }
  | {
      readonly type: 'host.progress'
      readonly phase: Phase
      readonly host: string
      readonly done: number
      readonly total: number
    }
  /** A step ended on a host: jsonl names it `host.<phase>`. `note` is for people: `12.4 MB in 1.1s`. */
  | {
      readonly type: 'host.end'
      readonly phase: Phase
      readonly step: string
      readonly host: string
      readonly ok: boolean
      readonly ms: number
      readonly note: string
      readonly release?: string
    }
  /** A host was lost and is no longer listed: the run goes on without it. `note`: how it was lost. */
  | { readonly type: 'host.gone'; readonly host: string; readonly phase: Phase; readonly note: string }
  /** A line that a command printed: on a host, or here (`host: null`, the build). Not yet escaped. */
  | {
      readonly type: 'output'
      readonly host: string | null
      readonly step: string
      readonly stream: 'stdout' | 'stderr'
      readonly line: string
    }
  /** The check of a bake was asked. `output`: the last lines of what it said no with, already escaped. */
  | {
      readonly type: 'bake.look'
      readonly ok: boolean
      readonly ms: number
      readonly note: string
      readonly output: readonly string[]
    }
  | { readonly type: 'note'; readonly level: 'info' | 'warning'; readonly host: string | null; readonly text: string }
  /** What a host was asked and sent in the whole run, once it was connected. */
  | { readonly type: 'traffic'; readonly host: string; readonly roundTrips: number; readonly bytes: number }
  /** What the run cost this machine since the program was started, in milliseconds: time, and processor time of this process (git and builds have their own). */
  | { readonly type: 'budget'; readonly ms: number; readonly cpuMs: number }
  /** A script that ran on a host, for the log file only. */
  | {
      readonly type: 'script'
      readonly host: string
      readonly name: string
      readonly text: string
      readonly code: number | null
      readonly ms: number
      readonly stdout: string
      readonly stderr: string
    }
  | { readonly type: 'run.end'; readonly outcome: Outcome }
  /** The end of a dry run: what would happen, as its JSON says it. */
  | { readonly type: 'run.planned'; readonly report: object }

export type Emit = (event: Event) => void
