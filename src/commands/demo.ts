import { type AppAnswer, askApps } from '../embedded/apps.js'
import { watchSignals } from '../embedded/stop-apps.js'
import type { ExitCode } from '../exit-code.js'
import { quote } from '../scripts/shell/shell.js'
import { changeVersion, fleetOf, makeDemoFolder, removeDemoFolder } from './demo/demo-folder.js'
import { judge, steps, table } from './demo/demo-steps.js'

/** Runs the clonedeploy command line in a folder, in this process, to this terminal; its exit code. */
export type RunCli = (args: readonly string[], cwd: string) => Promise<number>

interface DemoOptions {
  /** Leave the folder and the apps as they are at the end. */
  readonly keep: boolean
  readonly run: RunCli
  readonly write: (text: string) => void
}

/** Two deploys and a broken one, to three SSH hosts in a temporary folder. 0 only when every step was seen to end as told. */
export async function demo({ keep, run, write }: DemoOptions): Promise<ExitCode> {
  const signals = watchSignals()
  const folder = await makeDemoFolder()
  let wrong: readonly string[] = []
  try {
    write(`The demo: a small web app on three SSH hosts inside this process, in ${folder}\n`)
    wrong = await play(folder, run, write, signals.caught)
  } finally {
    if (!keep) await removeDemoFolder(folder)
    signals.stop()
  }
  for (const sentence of wrong) write(`\n✖ ${sentence}\n`)
  write(
    keep ? whatIsKept(folder, await askApps(fleetOf(folder))) : '\nThe apps are stopped and the folder is removed.\n',
  )
  const signal = signals.caught()
  if (signal !== null) return signal
  write(wrong.length === 0 ? whatNext : '\nThe demo did not go as it should: please report it, with this output.\n')
  return wrong.length === 0 ? 0 : 1
}

/** What was not as told; the play ends there. */
async function play(
  folder: string,
  run: RunCli,
  write: DemoOptions['write'],
  interrupted: () => ExitCode | null,
): Promise<readonly string[]> {
  let before: readonly AppAnswer[] = []
  for (const step of steps) {
    await changeVersion(folder, step)
    write(`\n${step.tells}\n$ clonedeploy deploy\n`)
    const exitCode = await run(['deploy'], folder)
    if (interrupted() !== null) return []
    const answers = await askApps(fleetOf(folder))
    write(`\nAsked over HTTP:\n${table(answers)}`)
    const wrong = judge(step, exitCode, before, answers)
    if (wrong.length > 0) return wrong
    write(`✔ ${step.proves}\n`)
    before = answers
  }
  write('\n$ clonedeploy status\n')
  const exitCode = await run(['status'], folder)
  return exitCode === 0 || interrupted() !== null ? [] : [`clonedeploy status: expected exit code 0, got ${exitCode}`]
}

function whatIsKept(folder: string, answers: readonly AppAnswer[]): string {
  const pages = answers.filter(({ status }) => status !== null)
  return `
The folder is kept, and the apps stay up:
  cd ${quote(folder)}
  clonedeploy status
  clonedeploy rollback                back to the release before
${pages.map(({ host, port }) => `  http://127.0.0.1:${port}/`.padEnd(38).concat(`the page of ${host}\n`)).join('')}\
  sh .clonedeploy/fleet/stop          stops the apps; then the folder can be removed
`
}

const whatNext = `
Next, in a project of yours:
  clonedeploy init                    asks, and writes deploy.config.ts
  clonedeploy deploy --dry-run        shows what would happen
  clonedeploy deploy                  does it
`
