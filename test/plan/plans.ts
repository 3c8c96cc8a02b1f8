import type { Config } from '../../src/config/config.js'
import { completeConfig } from '../../src/config/load/load.js'
import { readRun } from '../../src/fleet/read/run-record.js'
import type { Host } from '../../src/inventory/host.js'
import { runRecord } from '../../src/plan/app/release-run.js'
import { cutIntoBatches, type Rollout } from '../../src/plan/batches.js'
import { planDeploy } from '../../src/plan/deploy.js'
import type { Plan } from '../../src/plan/plan.js'
import { planRestart } from '../../src/plan/restart.js'
import type { Intent } from '../../src/plan/transaction.js'
import type { HostState } from '../../src/state/host-state.js'
import { shipped } from '../../src/state/protocol-times.js'
import { storeName } from '../../src/store/name.js'
import { host, idOf } from './states.js'

const tools = ['cp--parents']
const names = ['web-1', 'web-2', 'web-3']

/** What hosts keep of a release that was deployed by this configuration. */
export async function ranBy(input: object): Promise<unknown> {
  const config = await configured(input)
  return readRun(runRecord(config, config.hosts[0] as Host))
}

function configured(input: object): Promise<Config> {
  const settings = { app: 'shop', deployTo: '/srv/shop', hosts: names, ...input }
  return completeConfig(settings, { cwd: '/', file: '/deploy.config.json' })
}

/** What a deploy of the fourth release, or a restart, plans for three hosts as they are by `states`, configured as `input` says. */
export async function planned(
  command: 'deploy' | 'restart',
  input: object = {},
  states: Readonly<Record<string, Partial<HostState>>> = {},
  { bake }: Pick<Intent, 'bake'> = {},
): Promise<Plan> {
  const config = await configured(input)
  const balancers = config.balancer === null ? [] : [{ name: 'web on lb-1', brand: 'HAProxy' }]
  const seats = names.map(name => ({ name, up: true, stays: false }))
  const intent: Omit<Intent, 'command'> = {
    config,
    hosts: config.hosts.map(one => ({ host: one, state: host(one.name, { tools, ...states[one.name] }) })),
    tx: 't2',
    who: 'anna',
    from: 'laptop',
    process: null,
    at: '2026-01-04T00:00:00Z',
    reason: '',
    secrets: {},
    release: idOf(4),
    digest: 'sha256:4',
    revision: 'rev4',
    unresolved: 'refuse',
    times: shipped,
    store: config.store === null ? null : storeName(config.store),
    rollout: cutIntoBatches(seats, config.rollout, { balancers }) as Rollout,
  }
  if (command === 'restart') return planRestart({ ...intent, command })
  return planDeploy({
    ...intent,
    command,
    digest: 'sha256:4',
    reference: null,
    origin: null,
    usableBase: () => true,
    bake: bake === undefined ? config.rollout.bake : bake,
    same: config.same,
    extra: 1,
  })
}
