import { runHere } from '../support/here.js'

/** The command line in this process, in a folder; what it wrote, and its exit code. */
export function clonedeploy(cwd: string, ...args: readonly string[]) {
  return runHere(args, { cwd, env: { USER: 'ann' } })
}
