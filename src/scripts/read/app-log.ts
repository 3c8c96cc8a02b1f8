import { runtimeFolder, type Service } from '../service/restart-command.js'
import { codes } from '../shell/codes.js'
import { enter } from '../shell/fence.js'
import { command, type Variables } from '../shell/hook.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'

/** Where the app's own words are found on a host. */
export type LogSource =
  | { readonly kind: 'command'; readonly run: string }
  /** Absolute, or relative to `deployTo`. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'journal'; readonly units: readonly string[]; readonly user: boolean }
  /** Of one process, or of all that pm2 keeps for the login. */
  | { readonly kind: 'pm2'; readonly name: string | null }

export interface LogAsked {
  readonly lines: number
  /** Which release's, where a release has a log of its own; null: the one that is served. */
  readonly release: string | null
  /** Seconds. */
  readonly timeout: number
}

/** The source for people: `journalctl -u shop`. */
export function logText(source: LogSource): string {
  switch (source.kind) {
    case 'command':
      return source.run
    case 'file':
      return source.file
    case 'journal':
      return ['journalctl', ...journalWords(source)].join(' ')
    case 'pm2':
      return source.name === null ? 'pm2 logs' : `pm2 logs ${source.name}`
  }
}

/** Where a service keeps what its app says; null where it does not. */
export function serviceLog(service: Service | undefined): LogSource | null {
  switch (service?.kind) {
    case 'systemd':
      return { kind: 'journal', units: service.units, user: service.user }
    case 'pm2':
      return { kind: 'pm2', name: service.name }
    default:
      return null
  }
}

/** Whether every release has a log of its own, so that it makes a difference which one is asked for. */
export function isOfRelease(source: LogSource): boolean {
  return source.kind === 'file' && source.file.startsWith('current/')
}

const mostBytes = 256 * 1024

/** Prints the last lines of the app's log, however long it is. Exit: releaseMissing (no such file: its path is printed), hook, folder. */
export function appLog(root: string, source: LogSource, asked: LogAsked, variables: Variables): Script {
  if (source.kind === 'file') return fileLog(root, source.file, asked)
  const { release, lines, timeout } = asked
  const folder = source.kind !== 'command' ? '.' : release === null ? 'current' : `releases/${release}`
  return command(root, { folder, run: sh`${printing(source, lines)} 2>&1 | ${last(lines)}`.text, timeout }, variables)
}

function fileLog(root: string, file: string, { lines, release }: LogAsked): Script {
  const path = release === null ? file : file.replace(/^current\//, `releases/${release}/`)
  return script('log', [
    enter(root),
    sh`[ -f ${path} ] || { printf '%s\n' ${path}; exit ${codes.releaseMissing}; }
${last(lines)} <${path}`,
  ])
}

function printing(source: Exclude<LogSource, { kind: 'file' }>, lines: number): ShellText {
  switch (source.kind) {
    case 'command':
      return sh`sh -c ${source.run}`
    case 'journal':
      return sh`{ ${runtimeFolder}; journalctl ${journalWords(source)} -n ${lines} --no-pager; }`
    case 'pm2':
      return sh`pm2 logs ${source.name === null ? [] : [source.name]} --nostream --raw --lines ${lines}`
  }
}

function journalWords({ units, user }: Extract<LogSource, { kind: 'journal' }>): readonly string[] {
  return [...(user ? ['--user'] : []), ...units.flatMap(unit => ['-u', unit])]
}

function last(lines: number): ShellText {
  return sh`tail -c ${mostBytes} | tail -n ${lines}`
}
