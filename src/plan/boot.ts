import type { Config, HealthCheck, Hook } from '../config/config.js'
import { type Host, variablesIn } from '../inventory/host.js'
import { paths } from '../release/paths.js'
import { askHttp, askTcp } from '../scripts/boot/ask-health.js'
import { blanks } from '../scripts/boot/blanks.js'
import { type ByCurrent, bootProgram, type HealthStep, type RoleStep } from '../scripts/boot/program.js'
import { seal } from '../scripts/prepare/seal.js'
import { unpack } from '../scripts/prepare/unpack.js'
import { verify } from '../scripts/read/verify.js'
import type { Claim } from '../scripts/shell/fence.js'
import { hook, type Variables } from '../scripts/shell/hook.js'
import { type Script, ShellText, sh } from '../scripts/shell/shell.js'
import { discard, finish } from '../scripts/transaction/end-transaction.js'
import { layLinks } from '../scripts/transaction/links.js'
import { lock, renew } from '../scripts/transaction/lock.js'
import { abandon } from '../scripts/transaction/mark-bad.js'
import { arm, confirm, restore } from '../scripts/transaction/swap.js'
import type { Times } from '../state/protocol-times.js'
import { runRecord } from './app/release-run.js'
import { touchedFiles, unsealedPaths } from './app/touched-files.js'
import { hookVariables } from './app/variables.js'
import type { StoredPayload } from './plan.js'

/** A release as a machine brings itself to it. */
export interface BootRelease {
  /** As the release is deployed. */
  readonly config: Config
  readonly release: string
  readonly digest: string
  readonly revision: string | null
  readonly times: Times
}

/** Why no machine can bring itself to a release that is run so; null: it can. */
export function bootObstacle({ restart }: Pick<Config, 'restart'>): string | null {
  if (restart.some(({ ports }) => ports !== undefined)) return 'a release with two ports needs its balancer told'
  if (restart.some(({ warm }) => warm !== undefined)) return 'a release that is warmed beside another needs a deploy'
  return null
}

/** The program that brings a machine to a release by itself: the steps of a deploy to one host. */
export function planBoot(what: BootRelease, { key, sum, size, arrival }: StoredPayload): string {
  const { config, release, digest, times } = what
  const writable = unsealedPaths(config)
  const served = { release, revision: what.revision, previous: blanks.previous }
  const variables = hookVariables(config, {}, machine, blanks.root, served)
  const hooks = (all: readonly Hook[], folder: string) => all.map(one => hookOf(one, folder, variables))
  const by = `boot@${blanks.host}`
  const record = JSON.stringify({ digest, tx: blanks.tx, at: blanks.at, by })
  const run = runRecord(config, machine)
  const history = { at: blanks.at, by, command: 'boot' }
  return bootProgram({
    release,
    digest,
    payload: { key, sum, size },
    secrets: Object.keys(config.secrets),
    tools: [arrival.zip, ...(config.health.some(({ kind }) => kind !== 'command') ? ['curl'] : [])],
    lock: lock(claim, holderOf(what), { unresolved: 'refuse' }),
    renew: renew(claim),
    verify: verify(blanks.root, release, { writable, whole: false, read: 'all' }),
    unpack: unpack(
      claim,
      {
        release,
        base: null,
        unchanged: 'copy',
        digest,
        revision: what.revision ?? digest,
        shared: config.shared,
        touched: touchedFiles(config),
        writable,
      },
      { ...arrival, data: new Uint8Array() },
    ),
    prepare: hooks(
      config.prepare.filter(({ once }) => !once),
      paths.release(release),
    ),
    seal: {
      hooked: seal(claim, { release, record, run, hooked: true, writable }),
      plain: seal(claim, { release, record, run, hooked: false, writable }),
    },
    links: byCurrent(release, old => layLinks(claim, release, old, new Uint8Array())),
    arm: byCurrent(release, old => arm(claim, { release, old, ...times })),
    restart: hooks(config.restart, 'current'),
    health: config.health.map(check => askedOf(what, check, variables)),
    confirm: confirm(claim, release),
    finish: finish(claim, {
      fleet: null,
      history: JSON.stringify({ ...history, release, previous: blanks.previous }),
    }),
    restore: restore(claim, release),
    abandon: abandon(claim, {
      release,
      bad: null,
      history: JSON.stringify({ ...history, release: blanks.previous, previous: blanks.previous, failed: release }),
    }),
    discard: discard(claim),
  })
}

/** The machine that boots, as far as an inventory would know it. */
const machine: Host = { name: blanks.host, host: blanks.host, roles: [], deployTo: blanks.root, env: {} }

function holderOf({ config: { app, stage }, release }: BootRelease): string {
  const who = { who: 'boot', from: blanks.host, command: `boot ${release}`, reason: '', since: blanks.at }
  return JSON.stringify({ tx: blanks.tx, ...who, app, stage, host: blanks.host, process: null })
}

function byCurrent(release: string, scriptFor: (old: string | null) => Script): ByCurrent {
  return {
    absent: scriptFor(null),
    other: scriptFor(paths.release(blanks.old)),
    same: scriptFor(paths.release(release)),
  }
}

const claim: Claim = { root: blanks.root, tx: blanks.tx }

function hookOf(one: Hook, folder: string, variables: Variables): RoleStep {
  const { roles, run, timeout, service } = one
  const place = service === undefined ? folder : '.'
  return { roles, text: run, script: hook(claim, { folder: place, run, timeout: timeout / 1000 }, variables) }
}

function askedOf(
  { config, release, revision, digest }: BootRelease,
  check: HealthCheck,
  variables: Variables,
): HealthStep {
  const { roles, timeout, tryTimeout } = check
  const step = { roles, within: Math.ceil(timeout / 1000) }
  if (check.kind === 'command') {
    const run = { folder: 'current', run: check.run, timeout: tryTimeout / 1000 }
    return { ...step, text: check.run, script: hook(claim, run, variables) }
  }
  const secrets = Object.keys(config.secrets)
  const written = check.kind === 'http' ? check.url : `telnet://${check.address}`
  const most = Math.max(1, Math.ceil(tryTimeout / 1000))
  const question = { url: addressText(written, variables, secrets), timeout: most, variables }
  if (check.kind === 'tcp') return { ...step, text: check.address, script: askTcp({ ...question, timeout: 1 }) }
  const proofs = [release, revision ?? digest]
  return { ...step, text: check.url, script: askHttp(question, { ...check, proofs }) }
}

/** The address with its variables put in: a secret is known on the machine only, and what is no variable stands as it is. */
function addressText(written: string, variables: Variables, secrets: readonly string[]): ShellText {
  const parts = written.split(/(\$\{[A-Za-z_]\w*\}|\$[A-Za-z_]\w*)/).map(part => {
    const [name = ''] = variablesIn(part)
    const isSecret = !(name in variables) && secrets.includes(name)
    return isSecret ? `"$${name}"` : sh`${variables[name] ?? part}`.text
  })
  return new ShellText(parts.join(''))
}
