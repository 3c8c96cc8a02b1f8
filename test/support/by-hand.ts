import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote, type Script } from '../../src/scripts/shell/shell.js'

/** CLONEDEPLOY_KEEP=1 keeps the scripts that tests run, and the folders that they ran on, in /tmp: the tests' own temp folder goes. */
export const keeps = process.env.CLONEDEPLOY_KEEP === '1'

let count = 0

/** Leaves a script with its input in a folder, and prints the line that runs it again. */
export function keepByHand(
  dir: string,
  script: Script,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): void {
  count += 1
  const file = join(dir, 'scripts', `${count}-${script.name.replaceAll(/[^a-z]+/g, '-')}`)
  mkdirSync(join(dir, 'scripts'), { recursive: true })
  writeFileSync(`${file}.sh`, script.text)
  writeFileSync(`${file}.in`, Buffer.concat(script.input))
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`)
  process.stderr.write(`env -i ${[...variables, ...command].join(' ')} ${file}.sh <${file}.in\n`)
}
