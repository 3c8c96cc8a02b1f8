import { UsageError } from '../errors.js'
import { didYouMean } from '../text/suggest.js'
import type { Stage, Stages } from './stages.js'

/** The stage that is asked for, or the only one, or the default one. Throws UsageError. */
export function pickStage(file: string, { all, defaultStage }: Stages, asked: string | undefined): Stage {
  const name = asked ?? defaultStage ?? (all.length === 1 ? all[0]?.name : undefined)
  const names = all.map(stage => stage.name)
  if (name === undefined) {
    throw new UsageError('Which stage?', {
      details: [`${file} has ${names.join(', ')}`],
      next: ['name one of them after the command, or set defaultStage'],
    })
  }
  const stage = all.find(stage => stage.name === name)
  if (stage !== undefined) return stage
  throw new UsageError(`There is no stage "${name}"${didYouMean(name, names)}`, {
    details: [`${file} has ${names.join(', ')}`],
  })
}
