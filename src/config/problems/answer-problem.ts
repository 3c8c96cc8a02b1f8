import { checkHosts, checkValue } from '../check-value.js'
import { hostList } from '../fields/hosts.js'
import { fields, stageName } from '../schema.js'

/** What is wrong with the value of one key, as a sentence without its subject; undefined when nothing is. */
export function answerProblem(key: keyof typeof fields, value: unknown): string | undefined {
  const checked = checkValue<unknown>(fields[key], value, [key])
  return checked.ok ? undefined : checked.problems[0]?.text
}

/** What a stage cannot be called by; null: nothing is wrong. `__proto__` would be lost in an object. */
export function stageProblem(name: string): string | null {
  const checked = checkValue(stageName, name, ['stages'])
  if (!checked.ok) return checked.problems[0]?.text ?? ''
  return name === '__proto__' ? 'is no name for a stage' : null
}

/** What is wrong with a list of hosts, also where it is only together that they cannot be; undefined when nothing is. */
export function hostsProblem(hosts: readonly unknown[]): string | undefined {
  const checked = checkValue(hostList, hosts, ['hosts'])
  const problems = checked.ok ? checkHosts(checked.value, null, ['hosts']) : checked.problems
  return problems[0]?.text
}
