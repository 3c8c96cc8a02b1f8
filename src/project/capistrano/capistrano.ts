import { basename } from 'node:path'
import { stageProblem } from '../../config/problems/answer-problem.js'
import { eachOnce, type Left } from './cap-left.js'
import { type CapFile, readStage } from './cap-read.js'
import { type CapInput, stageInput } from './cap-stage.js'

/** The files of Capistrano in a project. */
export interface CapFiles {
  readonly capfile: CapFile | null
  readonly deploy: CapFile | null
  readonly stages: readonly CapFile[]
  /** Files with tasks, which are not read. */
  readonly tasks: readonly string[]
}

/** What the files come to: what holds for all stages, what for one, and what was left. */
export interface Capistrano {
  readonly files: readonly string[]
  readonly common: CapInput
  /** By name; empty: there is one stage, which is `common`. */
  readonly stages: ReadonlyMap<string, CapInput>
  readonly gems: ReadonlySet<string>
  readonly left: readonly Left[]
}

export function readCapistrano(files: CapFiles): Capistrano {
  const always = [files.capfile, files.deploy].filter(file => file !== null)
  const wrong: Left[] = []
  const named = files.stages.flatMap(file => {
    const name = basename(file.file, '.rb')
    const problem = stageProblem(name)
    if (problem !== null) wrong.push({ file: file.file, line: 1, what: `stage ${name}`, instead: problem })
    return problem === null ? [{ name, files: [...always, file] }] : []
  })
  const read = (named.length === 0 ? [{ name: null, files: always }] : named).map(one => {
    const stage = readStage(one.files, one.name)
    return { name: one.name, gems: stage.gems, ...stageInput(stage, one.files.at(-1)?.file ?? '') }
  })
  const tasks = files.tasks.map(file => ({
    file,
    line: 1,
    what: 'tasks',
    instead: 'were not read: write what a deploy needs as a command',
  }))
  const common = commonOf(read.map(({ input }) => input))
  const order = [...always, ...files.stages].map(({ file }) => file)
  const [only] = read
  const isOne = read.length === 1 && (only?.name === null || only?.name === 'production')
  return {
    files: order,
    common: isOne ? (only?.input ?? {}) : common,
    stages: isOne ? new Map() : new Map(read.map(({ name, input }) => [name ?? '', without(input, common)])),
    gems: new Set(read.flatMap(({ gems }) => [...gems])),
    left: eachOnce([...asWritten([...read.flatMap(({ left }) => left), ...wrong], order), ...tasks]),
  }
}

/** In the order of the files and their lines. */
function asWritten(left: readonly Left[], files: readonly string[]): readonly Left[] {
  return [...left].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line)
}

/** What all stages say alike. Each names its own hosts. */
function commonOf(inputs: readonly CapInput[]): CapInput {
  const [first = {}, ...others] = inputs
  const alike = Object.entries(first).filter(([key, value]) => {
    return (
      key !== 'hosts' && others.every(other => JSON.stringify(other[key as keyof CapInput]) === JSON.stringify(value))
    )
  })
  return Object.fromEntries(alike)
}

function without(input: CapInput, common: CapInput): CapInput {
  return Object.fromEntries(Object.entries(input).filter(([key]) => !(key in common)))
}
