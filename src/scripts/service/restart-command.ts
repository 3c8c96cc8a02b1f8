import { type ShellText, sh } from '../shell/shell.js'

/** How an app is made to serve what `current` points at, where that is not a command of the user's. */
export type Service = SystemdService | Pm2Service | TouchService

export interface SystemdService {
  readonly kind: 'systemd'
  readonly units: readonly string[]
  /** Units of the login's own service manager. */
  readonly user: boolean
  readonly verb: 'restart' | 'reload-or-restart' | 'start' | 'stop'
  /** `auto`: unless the login is root. */
  readonly sudo: boolean | 'auto'
}

interface Pm2Service {
  readonly kind: 'pm2'
  /** An ecosystem file (absolute, or relative to `deployTo`), or the name of a process that pm2 knows. */
  readonly file: string | null
  readonly name: string | null
}

interface TouchService {
  readonly kind: 'touch'
  /** Below the release. */
  readonly file: string
}

/** The service's command for people and for sudoers: `systemctl restart shop`. */
export function serviceText(service: Service): string {
  switch (service.kind) {
    case 'systemd':
      return ['systemctl', ...(service.user ? ['--user'] : []), service.verb, ...service.units].join(' ')
    case 'pm2':
      return service.file === null ? `pm2 reload ${service.name}` : `pm2 startOrReload ${service.file}`
    case 'touch':
      return `touch current/${service.file}`
  }
}

/** The command as a hook runs it, in `deployTo`: pm2 would keep a release's folder as its own. */
export function serviceCommand(service: Service): string {
  switch (service.kind) {
    case 'systemd':
      return systemctl(service, sh`${service.units}`).text
    case 'pm2':
      return pm2(service).text
    case 'touch':
      return touch(service).text
  }
}

/** `systemctl` speaks to a user's service manager by this folder, which a login without a session does not name. */
export const runtimeFolder = sh`XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR`

/** `$CLONEDEPLOY_PORT` is the instance of the unit: `shop@` and a port are `shop@3001`. */
export function portCommand({
  unit,
  ...how
}: { readonly unit: string } & Omit<SystemdService, 'kind' | 'units'>): string {
  return systemctl(how, sh`${unit}"$CLONEDEPLOY_PORT"`).text
}

function systemctl({ user, verb, sudo }: Omit<SystemdService, 'kind' | 'units'>, units: ShellText): ShellText {
  if (user)
    return sh`${runtimeFolder}
exec systemctl --user ${verb} ${units}`
  const plain = sh`exec systemctl ${verb} ${units}`
  const raised = sh`exec sudo -n systemctl ${verb} ${units}`
  if (sudo === 'auto')
    return sh`[ "$(id -u)" -ne 0 ] || ${plain}
${raised}`
  return sudo ? raised : plain
}

/** `--update-env`: the app gets this release's variables; without it, those of its first start for ever. */
function pm2({ file, name }: Pm2Service): ShellText {
  return file === null
    ? sh`exec pm2 reload ${name ?? ''} --update-env`
    : sh`exec pm2 startOrReload ${placeOf(file)} --update-env`
}

/** A file of `deployTo` as a word that is no option. */
export function placeOf(file: string): string {
  return file.startsWith('/') ? file : `./${file}`
}

/**
 * A new file takes the place of the old one, with its content and mode: that one may be a hard link into the release before,
 * whose time is not ours to change, and the release stays what its manifest says.
 */
function touch({ file }: TouchService): ShellText {
  const path = `current/${file}`
  const made = `${path}.clonedeploy`
  return sh`mkdir -p -- ${path.slice(0, path.lastIndexOf('/'))} || exit 1
rm -f -- ${made}
if [ -e ${path} ]; then cp -p -- ${path} ${made} && touch -- ${made}; else : >${made}; fi && mv -f -- ${made} ${path}`
}
