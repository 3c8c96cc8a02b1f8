import { UsageError } from '../errors.js'
import { stageAmong } from '../inventory/words.js'
import { didYouMean } from '../text/suggest.js'
import { checkValue } from './check-value.js'
import { isObject } from './choose.js'
import type { Path, Problem } from './problems/problem.js'
import { should } from './problems/sentence.js'
import { fields, type Layer, stageName } from './schema.js'
import { unknownKey } from './unknown-key.js'

/** One stage: what is said for it alone, and together with what is said for all. */
export interface Stage {
  readonly name: string
  readonly own: Layer
  readonly merged: Layer
  /** Keys that are said at all, also where their value is wrong. */
  readonly said: ReadonlySet<string>
}

interface Stages {
  /** `production` alone when the config has no stages. */
  readonly all: readonly Stage[]
  readonly defaultStage: string | null
  readonly problems: readonly Problem[]
}

type Raw = Readonly<Record<string, unknown>>

const planned = { maintenance: 'is a command: clonedeploy maintenance on' }
const onlyAtTop = { stages: 'a stage has no stages of its own', defaultStage: 'belongs beside stages, not into one' }

/** Checks every key of the config, and puts each stage together. */
export function readStages(input: Raw): Stages {
  const { stages, defaultStage, $schema: _editorHint, ...rest } = input
  const base = readLayer(rest, [], [...Object.keys(fields), 'stages', 'defaultStage'], planned)
  const named = readNamed(stages)
  const all = named.layers.map(([name, own]) => ({
    name,
    own: own.layer,
    merged: merge(base.layer, own.layer),
    said: new Set([...base.said, ...own.said]),
  }))
  const start = readDefault(defaultStage, Object.keys(isObject(stages) ? stages : {}))
  return { all, defaultStage: start.name, problems: [...base.problems, ...named.problems, ...start.problems] }
}

interface ReadLayer {
  readonly layer: Layer
  readonly said: readonly string[]
  readonly problems: readonly Problem[]
}

const nothing: ReadLayer = { layer: {}, said: [], problems: [] }

/** A key whose value is undefined counts as not said: `restart: process.env.RESTART`. */
function readLayer(
  raw: Raw,
  path: Path,
  known: readonly string[],
  refused: Readonly<Record<string, string>>,
): ReadLayer {
  const said = Object.keys(raw).filter(key => raw[key] !== undefined)
  const values: Record<string, unknown> = {}
  const problems = said.flatMap(key => {
    if (!isField(key)) return [{ path: [...path, key], text: unknownKey(key, known, refused) }]
    const checked = checkValue<unknown>(fields[key], raw[key], [...path, key])
    if (!checked.ok) return checked.problems
    values[key] = checked.value
    return []
  })
  return { layer: values as Layer, said, problems }
}

function readNamed(stages: unknown): {
  readonly layers: readonly (readonly [string, ReadLayer])[]
  readonly problems: readonly Problem[]
} {
  if (stages === undefined) return { layers: [['production', nothing]], problems: [] }
  if (!isObject(stages)) return { layers: [], problems: [{ path: ['stages'], text: should('an object', stages) }] }
  const layers = Object.entries(stages).map(([name, raw]) => [name, readStage(name, raw)] as const)
  const empty = layers.length === 0 ? [{ path: ['stages'], text: 'has no stage; leave it out to have only one' }] : []
  return { layers, problems: [...empty, ...layers.flatMap(([, layer]) => layer.problems)] }
}

function readStage(name: string, raw: unknown): ReadLayer {
  const path = ['stages', name]
  const named = checkValue(stageName, name, path)
  const wrongName = named.ok ? [] : named.problems
  if (!isObject(raw)) return { ...nothing, problems: [...wrongName, { path, text: should('an object', raw) }] }
  const layer = readLayer(raw, path, Object.keys(fields), { ...planned, ...onlyAtTop })
  return { ...layer, problems: [...wrongName, ...layer.problems] }
}

function readDefault(
  value: unknown,
  names: readonly string[],
): { readonly name: string | null; readonly problems: readonly Problem[] } {
  if (value === undefined) return { name: null, problems: [] }
  if (typeof value === 'string' && names.includes(value)) return { name: value, problems: [] }
  const be =
    names.length === 0 ? 'the name of a stage, but there are no stages' : names.map(name => `"${name}"`).join(' or ')
  return { name: null, problems: [{ path: ['defaultStage'], text: should(be, value) }] }
}

function merge(base: Layer, own: Layer): Layer {
  return {
    ...base,
    ...own,
    ...(base.env && own.env ? { env: { ...base.env, ...own.env } } : {}),
    ...(base.secrets && own.secrets ? { secrets: { ...base.secrets, ...own.secrets } } : {}),
    ...(base.shared && own.shared ? { shared: { ...base.shared, ...own.shared } } : {}),
  }
}

function isField(key: string): key is keyof typeof fields {
  return Object.hasOwn(fields, key)
}

/** The stage that is asked for, or stands among the words, or is the only one, or the default one. Throws UsageError. */
export function pickStage(
  file: string,
  { all, defaultStage }: Stages,
  asked: string | undefined,
  words: readonly string[] = [],
): Stage {
  const names = all.map(stage => stage.name)
  const name = asked ?? stageAmong(words, names) ?? defaultStage ?? (all.length === 1 ? all[0]?.name : undefined)
  if (name === undefined) {
    const [first] = words
    throw new UsageError('Which stage?', {
      details: [
        ...(first === undefined ? [] : [`"${first}" is no stage${didYouMean(first, names)}`]),
        `${file} has ${names.join(', ')}`,
      ],
      next: ['name one of them after the command, or set defaultStage'],
    })
  }
  const stage = all.find(stage => stage.name === name)
  if (stage !== undefined) return stage
  throw new UsageError(`There is no stage "${name}"${didYouMean(name, names)}`, {
    details: [`${file} has ${names.join(', ')}`],
  })
}
