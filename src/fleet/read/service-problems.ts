import type { Config } from '../../config/config.js'
import { TimeoutError } from '../../connection/errors.js'
import type { Host } from '../../inventory/host.js'
import { hookVariables } from '../../plan/app/variables.js'
import { type Service, serviceText } from '../../scripts/service/restart-command.js'
import {
  type CheckedServices,
  checkServices,
  parseServices,
  type ServiceFault,
} from '../../scripts/service/service-check.js'
import { isWhole } from '../../scripts/shell/shell.js'
import type { HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import { listed } from '../../text/phrases.js'
import { onEach } from '../each-host.js'
import type { Session } from '../session.js'

const timeout = 20_000

/** Services that could not be restarted as the configuration says: found before anything is changed. */
export async function serviceProblems(
  config: Config,
  fleet: readonly { readonly session: Session; readonly state: HostState }[],
  concurrency: number,
): Promise<readonly Problem[]> {
  const found = await onEach(fleet, concurrency, async ({ session, state }) => {
    const services = servicesOn(config, session.host)
    if (services.length === 0) return []
    const nothing = { release: '', revision: null, previous: null }
    const variables = hookVariables(config, {}, session.host, state.root, nothing)
    const result = await session.run(checkServices(state.root, services, variables), { timeout })
    // Of a session that is over already, 0 ms: nobody was asked.
    if (result.lost instanceof TimeoutError && result.ms > 0) return [tooSlow(state.name, services)]
    if (result.code !== 0) return [unasked(state.name, result.lost?.message ?? `exit code ${result.code}`)]
    if (!isWhole(result.stdout)) return [unasked(state.name, 'its answer has no end')]
    const checked = parseServices(result.stdout, services.length)
    const problems = checked.faults.map(fault =>
      problemOf(state.name, services[fault.service] as Service, checked, fault),
    )
    return [...new Map(problems.map(one => [one.text, one])).values()]
  })
  return found.flat()
}

function unasked(host: string, why: string): Problem {
  return { host, text: `could not be asked whether its services can be restarted: ${why}`, fix: null }
}

/** What was asked starts nothing: it is sudo or systemd that takes its time. */
function tooSlow(host: string, services: readonly Service[]): Problem {
  const commands = services.map(serviceText)
  const raised = services.find(one => one.kind === 'systemd' && !one.user && one.sudo !== false)
  const asked = raised === undefined ? null : `time sudo -n -l ${serviceText(raised)}     (on ${host})`
  return {
    host,
    text: `${asked === null ? 'the host' : 'sudo or systemd'} did not say within ${timeout / 1000} s whether ${listed(commands.map(one => `\`${one}\``))} can be run`,
    fix:
      asked === null ? null : `${asked}: a slow sudo often waits for a name server or a directory that does not answer`,
  }
}

function servicesOn({ restart }: Config, host: Host): readonly Service[] {
  return restart.flatMap(({ roles, service, ports }) => {
    if (service === undefined || (roles !== null && !roles.some(role => host.roles.includes(role)))) return []
    if (ports === undefined || service.kind !== 'systemd') return [service]
    return (['start', 'stop'] as const).flatMap(verb =>
      service.units.map(unit => ({ ...service, verb, units: [unit] })),
    )
  })
}

function problemOf(host: string, service: Service, { who, systemctl }: CheckedServices, fault: ServiceFault): Problem {
  const command = `\`${serviceText(service)}\``
  const { detail } = fault
  switch (fault.what) {
    case 'no-systemctl':
      return { host, text: `has no systemctl, which ${command} needs`, fix: "restart it by a command: restart: '…'" }
    case 'no-sudo':
      return {
        host,
        text: `has no sudo, which ${who} needs for ${command}`,
        fix: `apt-get install sudo     (on ${host})`,
      }
    case 'denied':
      return {
        host,
        text: `sudo does not let ${who} run ${command} without a password${detail === '' ? '' : ` (${detail})`}`,
        fix: `sudo visudo -f /etc/sudoers.d/clonedeploy     (on ${host}) and add:  ${sudoersLine(who, systemctl, service)}`,
      }
    case 'no-unit': {
      const [unit = '', ...said] = detail.split(' ')
      return {
        host,
        text: `systemd does not know the unit ${unit}${said.length === 0 ? '' : ` (${said.join(' ')})`}`,
        fix: isUser(service)
          ? `write ~/.config/systemd/user/${fileOf(unit)}, then: systemctl --user daemon-reload     (on ${host})`
          : `write /etc/systemd/system/${fileOf(unit)}, then: sudo systemctl daemon-reload     (on ${host})`,
      }
    }
    case 'no-manager':
      return {
        host,
        text: `runs no service manager for ${who}: ${detail} does not exist`,
        fix: `sudo loginctl enable-linger ${who}     (on ${host})`,
      }
    case 'no-linger':
      return {
        host,
        text: `ends the services of ${who} when the last login ends`,
        fix: `sudo loginctl enable-linger ${who}     (on ${host})`,
      }
    case 'no-pm2':
      return {
        host,
        text: `has no pm2 on the PATH of a non-interactive login (${detail})`,
        fix: "set env: { PATH: '…' } in the configuration, or link pm2 into /usr/local/bin",
      }
    case 'no-file':
      return {
        host,
        text: `${detail} does not exist`,
        fix: `write it on ${host}; its cwd is the absolute path of current (docs/serve.md)`,
      }
  }
}

/** The one command, as it is run; in sudoers some characters need a backslash. */
export function sudoersLine(who: string, systemctl: string, service: Service): string {
  const words = serviceText(service).split(' ').slice(1)
  const args = words.map(word => word.replaceAll(/[,:=\\]/g, '\\$&')).join(' ')
  return `${who} ALL=(root) NOPASSWD: ${systemctl} ${args}`
}

/** `shop@1` is made of shop@.service. */
function fileOf(unit: string): string {
  const name = unit.replace(/@[^.]*/, '@')
  return /\.(service|socket|target|timer|path)$/.test(name) ? name : `${name}.service`
}

function isUser(service: Service): boolean {
  return service.kind === 'systemd' && service.user
}
