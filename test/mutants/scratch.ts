import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sources, Witness } from './mutant.js'

const root = join(import.meta.dirname, '../..')

/** A copy of the working tree, in which tests run while its source is broken. */
export interface Scratch {
  readonly sources: Sources
  readonly write: (texts: Sources) => void
  /** Whether the program can be built. */
  readonly builds: () => boolean
  /** `limit`: milliseconds after which the run is ended. */
  readonly test: (witnesses: readonly Witness[], limit: number) => Promise<Report>
  readonly remove: () => void
}

export interface Report {
  /** Whether the run came to its end in time. */
  readonly ended: boolean
  readonly tests: readonly Test[]
}

export interface Test {
  /** Below test/, without `.test.ts`. */
  readonly file: string
  readonly name: string
  readonly passed: boolean
  /** Why it failed. */
  readonly errors: readonly string[]
}

export function makeScratch(): Scratch {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-mutants-'))
  let running: ChildProcess | null = null
  const files = tracked()
  for (const file of files) cpSync(join(root, file), join(dir, file), { verbatimSymlinks: true })
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
  const source = files.filter(file => file.startsWith('src/') && file.endsWith('.ts'))
  return {
    sources: new Map(source.map(file => [file, readFileSync(join(dir, file), 'utf8')])),
    write: texts => {
      for (const [file, text] of texts) writeFileSync(join(dir, file), text)
    },
    builds: () => spawnSync(process.execPath, ['build.js'], { cwd: dir, stdio: 'ignore' }).status === 0,
    async test(witnesses, limit) {
      const report = join(dir, 'report.json')
      rmSync(report, { force: true })
      running = startTests(dir, report, witnesses)
      const ended = await endOf(running, limit)
      running = null
      return { ended, tests: existsSync(report) ? testsIn(readFileSync(report, 'utf8'), dir) : [] }
    },
    remove: () => {
      if (running !== null) kill(running)
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Everything that belongs to the project, also what is not committed yet. */
function tracked(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0')
  return listed.filter(file => file !== '' && existsSync(join(root, file)))
}

/**
 * In a process group of its own: what a broken program leaves running ends with it. All of them run: where the first failure ended
 * the run, vitest would report one of several that run at once as not run.
 */
function startTests(dir: string, report: string, witnesses: readonly Witness[]): ChildProcess {
  const files = [...new Set(witnesses.map(({ file }) => `test/${file}.test.ts`))]
  const names = witnesses.map(({ words }) => words.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  const args = ['run', ...files, '-t', names, '--reporter=json', `--outputFile=${report}`]
  return spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: dir,
    stdio: 'ignore',
    detached: true,
  })
}

/** Whether it ended by itself. */
function endOf(child: ChildProcess, limit: number): Promise<boolean> {
  return new Promise(resolve => {
    let inTime = true
    const timer = setTimeout(() => {
      inTime = false
      kill(child)
    }, limit)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve(inTime)
    })
  })
}

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

/** The tests that ran; those that were left out are not among them. */
function testsIn(text: string, dir: string): readonly Test[] {
  const { testResults } = JSON.parse(text) as JsonReport
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ fullName, status, failureMessages = [] }) => ({
        file: name.slice(dir.length + 1).replace(/^test\/|\.test\.ts$/g, ''),
        name: fullName,
        passed: status === 'passed',
        errors: failureMessages,
      })),
  )
}
