import type { HostEntry } from '../../inventory/host.js'
import { type DynamicSource, embeddedEntries, type HostSource } from '../../inventory/sources.js'
import { checkHosts } from '../check-hosts.js'
import { checkValue } from '../check-value.js'
import { displayPath } from '../display-path.js'
import { hostList } from '../fields/hosts.js'
import { ConfigError, problemsError, unquoted } from '../problems/problem.js'
import { thrownError } from '../problems/thrown.js'
import { absolutePath } from '../resolve.js'
import { type ProjectFile, readProjectFile } from './project-file.js'
import { readJson } from './read-json.js'
import { within } from './within.js'

interface Place {
  readonly root: string
  readonly home: string
  readonly cwd: string
  /** The config, as errors name it. */
  readonly label: string
}

/** The hosts of the chosen stage. A function is called and a file read here, and only here. */
export async function loadHosts(source: HostSource, deployTo: string, place: Place): Promise<readonly HostEntry[]> {
  switch (source.kind) {
    case 'list':
      return source.entries
    case 'embedded':
      return embeddedEntries(source.count)
    default:
      return askedHosts(source, deployTo, place)
  }
}

async function askedHosts(source: DynamicSource, deployTo: string, place: Place): Promise<readonly HostEntry[]> {
  if (source.kind === 'function') return listIn(await called(source.call, place), 'hosts()', deployTo, place)
  const { text, ours } = await readList(source.file, place)
  try {
    const value = readJson(displayPath(absolutePath(source.file, place), place.cwd), text)
    return listIn(value, source.file, deployTo, place)
  } catch (error) {
    throw ours ? error : unquoted(`${source.file}, from which ${place.label} takes its hosts, is no list of hosts.`)
  }
}

function listIn(value: unknown, name: string, deployTo: string, { label }: Place): readonly HostEntry[] {
  const path = [name]
  const checked = checkValue(hostList, value, path)
  const problems = checked.ok ? checkHosts(checked.value, deployTo, path) : checked.problems
  if (!checked.ok || problems.length > 0) throw problemsError(label, problems)
  return checked.value
}

const patience = 60_000

async function called(call: () => unknown, { label, cwd }: Place): Promise<unknown> {
  try {
    return await within(patience, call)
  } catch (error) {
    throw thrownError(error, `hosts() in ${label}`, cwd)
  }
}

async function readList(file: string, place: Place): Promise<ProjectFile> {
  const path = absolutePath(file, place)
  return readProjectFile(path, place.root).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${place.label} takes its hosts from ${file}, which cannot be read.`, {
      details: [error.code === 'ENOENT' ? `${path} is not there` : error.message],
      next: ['check again: clonedeploy config'],
    })
  })
}
