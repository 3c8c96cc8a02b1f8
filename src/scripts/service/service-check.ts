import { escapeLine } from '../../text/escape.js'
import { exports, type Variables } from '../shell/hook.js'
import { type Script, type ShellText, script, sh, whole } from '../shell/shell.js'
import { placeOf, runtimeFolder, type Service, type SystemdService, serviceText } from './restart-command.js'

/**
 * Whether the programs, units, files and permissions are there that restarting these services will need, as a hook would find
 * them. Starts and changes nothing. Prints `who USER`, `systemctl PATH`, and for each thing that is wrong `NUMBER WHAT DETAIL`,
 * where NUMBER counts the services from 0.
 */
export function checkServices(root: string, services: readonly Service[], variables: Variables): Script {
  return script(
    'services',
    [
      sh`LC_ALL=C; export LC_ALL
eval "$(cat)"
exec </dev/null
last() { grep . | tail -n 1 | tr -d '\r' | cut -c1-300; }
say() { printf '%s %s %s\n' "$n" "$1" "$2"; }
printf 'who %s\n' "$(id -un 2>/dev/null || id -u)"
printf 'systemctl %s\n' "$(command -v systemctl)"
cd -- ${root} 2>/dev/null || :`,
      ...services.map(
        (service, n) => sh`n=${n}
${checkOf(service, root)}`,
      ),
      whole,
    ],
    exports(variables),
  )
}

/** A thing that would make a restart fail: of which service, what, and what the host said. */
export interface ServiceFault {
  readonly service: number
  readonly what: FaultKind
  readonly detail: string
}

type FaultKind = (typeof kinds)[number]

const kinds = ['no-systemctl', 'no-sudo', 'denied', 'no-unit', 'no-manager', 'no-linger', 'no-pm2', 'no-file'] as const

export interface CheckedServices {
  readonly who: string
  /** Full path, as sudoers needs it. */
  readonly systemctl: string
  readonly faults: readonly ServiceFault[]
}

/** Faults of a host that are told. */
const most = 100

/** What a host said of so many services. Its words become a line for sudoers: names and paths alone. */
export function parseServices(stdout: Buffer, services: number): CheckedServices {
  const lines = stdout.toString('utf8').split('\n')
  const one = (key: string, form: RegExp) =>
    lines
      .flatMap(line => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []))
      .find(word => form.test(word))
  const faults = lines.flatMap(line => {
    const [, service, word, detail = ''] = /^(\d+) (\S+) ?(.*)$/s.exec(line) ?? []
    const what = kinds.find(kind => kind === word)
    if (what === undefined || Number(service) >= services) return []
    return [{ service: Number(service), what, detail: escapeLine(detail, 300) }]
  })
  return {
    who: one('who', /^[\w.@+-]{1,64}$/) ?? 'LOGIN',
    systemctl: one('systemctl', /^\/[\w./+-]{1,200}$/) ?? '/usr/bin/systemctl',
    faults: faults.slice(0, most),
  }
}

function checkOf(service: Service, root: string): ShellText {
  switch (service.kind) {
    case 'systemd':
      return sh`if ! command -v systemctl >/dev/null 2>&1; then say no-systemctl; else
${service.user ? userManager(service) : system(service)}
fi`
    case 'pm2':
      return sh`command -v pm2 >/dev/null 2>&1 || say no-pm2 "$PATH"
${service.file === null ? sh`` : sh`[ -f ${placeOf(service.file)} ] || say no-file ${wholePath(service.file, root)}`}`
    case 'touch':
      return sh``
  }
}

function wholePath(file: string, root: string): string {
  return file.startsWith('/') ? file : `${root}/${file.replace(/^\.\//, '')}`
}

/** `sudo -l COMMAND` asks whether it may be run, and runs nothing. */
function system(service: SystemdService): ShellText {
  const { units, sudo } = service
  const words = serviceText(service).split(' ')
  const allowed = sh`if ! command -v sudo >/dev/null 2>&1; then say no-sudo; else
o=$(sudo -n -l ${words} 2>&1) || say denied "$(printf '%s\n' "$o" | last)"; fi`
  const asked = sudo === 'auto' ? sh`if [ "$(id -u)" -ne 0 ]; then ${allowed}; fi` : sudo ? allowed : sh`:`
  return sh`${asked}
${knownUnits(units, [])}`
}

function userManager({ units }: SystemdService): ShellText {
  return sh`${runtimeFolder}
if [ ! -d "$XDG_RUNTIME_DIR" ]; then say no-manager "$XDG_RUNTIME_DIR"; else
[ ! -d /var/lib/systemd/linger ] || [ -e "/var/lib/systemd/linger/$(id -un)" ] || say no-linger
${knownUnits(units, ['--user'])}
fi`
}

function knownUnits(units: readonly string[], options: readonly string[]): ShellText {
  return sh`for u in ${units}; do o=$(systemctl ${options} cat "$u" 2>&1 >/dev/null) || say no-unit "$u $(printf '%s\n' "$o" | last)"; done`
}
