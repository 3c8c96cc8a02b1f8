import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../errors.js'
import type { CapFile } from './cap-read.js'
import type { CapFiles } from './capistrano.js'

const most = 256 * 1024
const mostStages = 50

/** Reads the files of Capistrano in a folder, as text. Throws UsageError. */
export function capistranoFiles(root: string): CapFiles {
  const capfile = ['Capfile', 'capfile', 'Capfile.rb', 'capfile.rb']
    .map(name => fileAt(root, name))
    .find(file => file !== null)
  const deploy = fileAt(root, 'config/deploy.rb')
  const stages = namesIn(root, 'config/deploy', /\.rb$/)
  if (stages.length > mostStages)
    throw new UsageError(`config/deploy has ${stages.length} stages; at most ${mostStages} are read.`)
  if (deploy === null && stages.length === 0)
    throw new UsageError('Nothing of Capistrano is here: there is no config/deploy.rb. Nothing was written.', {
      next: ['run it in the folder of the app, where the Capfile is'],
    })
  return {
    capfile: capfile ?? null,
    deploy,
    stages: stages.flatMap(name => fileAt(root, name) ?? []),
    tasks: namesIn(root, 'lib/capistrano/tasks', /\.(rake|cap|rb)$/).slice(0, mostStages),
  }
}

function namesIn(root: string, folder: string, ending: RegExp): readonly string[] {
  try {
    return readdirSync(join(root, folder))
      .filter(name => ending.test(name))
      .sort()
      .map(name => `${folder}/${name}`)
  } catch {
    return []
  }
}

function fileAt(root: string, file: string): CapFile | null {
  const stats = statSync(join(root, file), { throwIfNoEntry: false })
  if (stats === undefined) return null
  if (!stats.isFile()) throw new UsageError(`${file} is no file. Nothing was written.`)
  if (stats.size > most) throw new UsageError(`${file} is larger than ${most / 1024} KB. Nothing was written.`)
  return { file, text: readFileSync(join(root, file), 'utf8') }
}
