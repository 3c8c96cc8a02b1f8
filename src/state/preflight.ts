import { inWords, paths } from '../release/paths.js'
import { retired } from '../release/retention.js'
import { requiredTools } from '../scripts/read/inspect.js'
import { typed } from '../scripts/shell/shell.js'
import type { HostState } from './host-state.js'
import { confirmedReleases, currentEntry, currentRelease } from './releases.js'

/** What is written on a host when it gets a release. */
export interface Needs {
  /** Of the files that do not become hard links. */
  readonly bytes: number
  /** Of the whole release: each has its place in a folder and in the release's lists. */
  readonly entries: number
  /** Entries that are no hard links. */
  readonly inodes: number
}

const nothing: Needs = { bytes: 0, entries: 0, inodes: 0 }

/** Something that would stop a run on a host: what, and what to do about it. */
export interface Problem {
  readonly host: string
  readonly text: string
  readonly fix: string | null
}

/** Everything about a host that stops a run before it starts. */
export function problemsOf(state: HostState, needs: Needs = nothing): readonly Problem[] {
  const problem = (text: string, fix: string | null = null): Problem => ({ host: state.name, text, fix })
  return [
    ...folderProblems(state, problem),
    ...currentProblems(state, problem),
    ...toolProblems(state, problem),
    ...spaceProblems(state, needs, problem),
    ...state.damaged.map(({ file, why }) => problem(`${file} ${why}`, asideOf(state, file))),
    ...state.missing.map(file =>
      problem(`shared/${file} does not exist`, `create ${state.root}/shared/${file} on ${state.name}`),
    ),
  ]
}

/** Hosts that serve nothing beside others that do: a deploy brings them the new release, and no earlier one. */
export function newcomers(states: readonly HostState[]): readonly string[] {
  const names = states.filter(({ current }) => current.kind === 'absent').map(({ name }) => name)
  if (names.length === 0 || states.every(({ current }) => current.kind !== 'link')) return []
  const who =
    names.length === 1 ? `${names[0]} serves nothing yet and has` : `${names.join(', ')} serve nothing yet and have`
  return [`${who} no earlier release to go back to. Bring it first: clonedeploy join --host ${names.join(',')}`]
}

/** Things that are odd but do not stop a run. */
export function warningsOf(state: HostState): readonly string[] {
  const { current } = state
  const outside = current.kind === 'link' && current.resolves && current.release === null
  return [
    ...(outside
      ? [
          `${state.name}: current points outside releases/ (${inWords(current.target)}); it is put back as it is if the run fails`,
        ]
      : []),
    ...openTexts(state),
    ...(state.mounted
      ? [`${state.name}: something is mounted over current: a swap may not be seen by who uses the mount`]
      : []),
    ...(state.tools.includes('timeout')
      ? []
      : [`${state.name}: has no \`timeout\`: hooks there are not ended when their time is over`]),
  ]
}

/** Whoever may write where releases lie decides what is served. */
function openTexts({ name, root, rootKind, open }: HostState): readonly string[] {
  const where = rootKind === 'folder' ? `in ${root}` : `where ${root} is to be made`
  const above = root.replace(/\/[^/]*$/, '') || '/'
  return [
    ...(open.includes('folder')
      ? [
          `${name}: every account there may write ${where}, and so decide what is served: take the right away (chmod o-w)`,
        ]
      : []),
    ...(open.includes('above')
      ? [
          `${name}: every account there may write in ${above}, and so put another folder in the place of ${root}: take the right away (chmod o-w)`,
        ]
      : []),
  ]
}

/**
 * Transactions that swapped and were never decided, or whose host decided to go back and did not come to it: a dead run
 * left them, only `repair` may go on.
 */
export function inDoubt({ current, transactions }: HostState) {
  const serves = current.kind === 'link' ? current.target : null
  return transactions.filter(
    ({ state, outcome, next, old }) =>
      state === 'swapped' &&
      (outcome === null || (outcome === 'reverted' && serves === `releases/${next}` && serves !== old)),
  )
}

/** Transactions whose host went back, and of which nobody knows whether the app serves the old release again. */
export function unserved({ transactions }: HostState) {
  return transactions.filter(({ state }) => state === 'unserved')
}

/** Whether every host serves this digest already, sealed and recorded, with nothing left to do. */
export function servesAlready(states: readonly HostState[], digest: string): boolean {
  const ids = new Set(states.map(currentRelease))
  return ids.size === 1 && states.every(state => currentEntry(state)?.digest === digest && !currentEntry(state)?.bad)
}

/** A record that is not what it has to be is looked at by a person, who may then put it where nothing reads it. */
export function asideOf({ name, root, user }: HostState, file: string): string {
  if (file === paths.records)
    return `chown -R ${typed(user)} ${typed(`${root}/${file}`)} && chmod -R go-rwx ${typed(`${root}/${file}`)}     (on ${name}, as root, when you have looked who wrote there)`
  if (file === paths.journals) return `ls ${typed(`${root}/${file}`)}     (on ${name}: take what is none out of it)`
  const aside = `.clonedeploy/damaged-${file.slice(file.lastIndexOf('/') + 1)}`
  return `mv ${typed(`${root}/${file}`)} ${typed(`${root}/${aside}`)}     (on ${name}, when you have looked at it)`
}

type Say = (text: string, fix?: string | null) => Problem

function folderProblems(state: HostState, say: Say): readonly Problem[] {
  if (state.rootKind === 'other') return [say(`${state.root} is not a folder`, 'move it away, or set another deployTo')]
  if (state.readOnly)
    return [
      say(
        `${state.root} is on ${state.disk.mount}, which is mounted read-only`,
        `mount -o remount,rw ${state.disk.mount}     (on ${state.name}; dmesg may say why it became so)`,
      ),
    ]
  if (!state.writable)
    return [
      say(
        `${state.user} may not write in ${state.root}`,
        `sudo install -d -o ${state.user} ${typed(state.root)}     (on ${state.name})`,
      ),
    ]
  return []
}

function currentProblems(state: HostState, say: Say): readonly Problem[] {
  const path = `${state.root}/current`
  switch (state.current.kind) {
    case 'folder':
      return [
        say(`${path} is a directory, not a link`, `mv ${typed(path)} ${typed(`${path}.old`)}     (on ${state.name})`),
      ]
    case 'other':
      return [say(`${path} is a file, not a link`, `mv ${typed(path)} ${typed(`${path}.old`)}     (on ${state.name})`)]
    case 'link':
      return state.current.resolves
        ? []
        : [
            say(
              `${path} dangles: ${inWords(state.current.target)} does not exist`,
              `rm ${typed(path)}     (on ${state.name}, if nothing needs it)`,
            ),
          ]
    case 'absent':
      return []
  }
}

function toolProblems(state: HostState, say: Say): readonly Problem[] {
  const missing = requiredTools.filter(tool => !state.tools.includes(tool))
  return missing.length === 0
    ? []
    : [say(`has no ${missing.join(', ')}`, 'install them: coreutils, findutils, tar, gzip or busybox')]
}

const reserve = 8 * 1024 * 1024

function spaceProblems(state: HostState, needs: Needs, say: Say): readonly Problem[] {
  if (needs.entries === 0) return []
  const need = neededKb(needs)
  const inodes = Math.ceil(needs.inodes * 1.1) + 64
  const fix = roomOn(state)
  return [
    ...(state.disk.freeKb < need
      ? [say(`too little disk space on ${state.disk.mount}: free ${mb(state.disk.freeKb)}, needs ${mb(need)}`, fix)]
      : []),
    ...(state.disk.freeInodes !== null && state.disk.freeInodes < inodes
      ? [say(`too few inodes on ${state.disk.mount}: free ${state.disk.freeInodes}, needs ${inodes}`, fix)]
      : []),
  ]
}

/** With some room for what hooks and records take, and for blocks that are not full. */
export function neededKb({ bytes, entries }: Needs): number {
  return Math.ceil((bytes * 1.1 + entries * 1024 + reserve) / 1024)
}

/** Old releases may go; where there are none, something else has to. */
function roomOn(state: HostState): string {
  const confirmed = confirmedReleases([state])
  const keep = [2, 1].find(count => retired(state, null, count, confirmed).length > 0)
  return keep === undefined
    ? `make room on ${state.disk.mount} of ${state.name}: it holds no old release that could go`
    : `clonedeploy prune --only ${state.name} --keep ${keep}`
}

function mb(kb: number): string {
  return `${(kb / 1024).toFixed(kb < 10240 ? 1 : 0)} MB`
}
