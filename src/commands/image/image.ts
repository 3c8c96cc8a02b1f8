import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Config, StoreConfig } from '../../config/config.js'
import { UsageError } from '../../errors.js'
import type { ExitCode } from '../../exit-code.js'
import { bootObstacle } from '../../plan/boot.js'
import { jsonReport } from '../../render/reports/report-json.js'
import { type BootSettings, bootScript } from '../../scripts/boot/boot-script.js'
import type { StorePlace } from '../../scripts/boot/store-reader.js'
import { shipped } from '../../state/protocol-times.js'
import { generationsOf } from '../../store/generation.js'
import { signedFor } from '../../store/signature.js'
import { escapeLine } from '../../text/escape.js'
import { configFor } from '../context/context.js'
import type { CommonFlags } from '../context/flags.js'
import type { Io } from '../context/io.js'
import { cloudInit, environment, type Machine, packer, unit } from './image-files.js'
import { readme } from './image-readme.js'

export interface ImageFlags extends CommonFlags {
  readonly out?: string
  /** Where machines find the folder of the store: a path, or the address of a web server. */
  readonly storeAt?: string
  readonly ready?: string
  /** Milliseconds. */
  readonly wait?: number
}

/** `clonedeploy image`: writes what a machine needs that brings itself to the confirmed release. Contacts nobody. */
export async function image(io: Io, flags: ImageFlags): Promise<ExitCode> {
  const config = await configFor(io, flags)
  const out = flags.out
  if (out === undefined) throw new UsageError('Where are the files to go?', { next: [io.again('--out image')] })
  const machine = machineOf(config, flags)
  const files = filesOf(machine)
  const dir = join(io.cwd, out).replace(/\/$/, '')
  mkdirSync(dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: modeOf(name) })
  const names = Object.keys(files)
  const report = { dir, name: machine.name, files: names, ready: machine.settings.ready }
  const folder = relative(io.cwd, dir) || dir
  io.output.stdout(
    flags.json
      ? jsonReport({ command: 'image', result: 'done', exitCode: 0, stage: config.stage }, report)
      : `wrote ${names.map(name => escapeLine(join(folder, name))).join('\n      ')}\nread  ${escapeLine(join(folder, 'README.md'))}: what to bake, and which credentials it needs\n`,
  )
  return 0
}

function modeOf(name: string): number {
  return name === 'boot.sh' ? 0o755 : 0o644
}

function filesOf(machine: Machine): Readonly<Record<string, string>> {
  const script = bootScript(machine.settings)
  return {
    'boot.sh': script,
    [`${machine.name}.service`]: unit(machine),
    [`${machine.name}.env`]: environment(machine),
    'user-data': cloudInit(machine, script),
    'provisioner.pkr.hcl': packer(machine),
    'README.md': readme(machine),
  }
}

function machineOf(config: Config, flags: ImageFlags): Machine {
  const { app, stage, hosts, secrets, health, prepare, restart } = config
  demandBootable(config)
  const name = `clonedeploy-clone-${app}-${stage}`.replace(/[^A-Za-z0-9._-]/g, '-')
  const users = new Set(hosts.flatMap(({ user }) => user ?? []))
  return {
    app,
    stage,
    name,
    user: users.size === 1 ? ([...users][0] ?? 'deploy') : 'deploy',
    secrets: Object.keys(secrets),
    shared: config.shared.files,
    runs: prepare.length > 0 || restart.length > 0,
    asksByCurl: health.some(({ kind }) => kind !== 'command'),
    settings: {
      app,
      stage,
      deployTo: folderOf(config),
      place: placeOf(config.store, flags.storeAt ?? null),
      keys: { app, generations: generationsOf(app, stage) },
      signers: signersIn(config),
      roles: rolesOf(config, flags),
      ready: readyFile(flags.ready ?? `/run/${name}/ready`),
      wait: Math.ceil((flags.wait ?? 600_000) / 1000),
      lease: shipped.lease,
    },
  }
}

function demandBootable(config: Config): void {
  if (config.store === null)
    throw new UsageError('There is no store, so no machine can learn what its fleet serves.', {
      next: ['set "store" in the configuration; docs/store.md says how'],
    })
  if (config.embedded > 0) throw new UsageError('Hosts inside this process are no machines that boot.')
  const obstacle = bootObstacle(config)
  if (obstacle !== null)
    throw new UsageError(`No machine can bring itself up with this "restart": ${obstacle}.`, {
      next: ['use a restart that is one command or service, or join new machines: clonedeploy join'],
    })
}

function folderOf({ hosts }: Config): string {
  const folders = [...new Set(hosts.map(({ deployTo }) => deployTo))]
  const [folder] = folders
  if (folder !== undefined && folders.length === 1) return folder
  throw new UsageError(
    folder === undefined
      ? 'The stage has no hosts, so nobody knows what deployTo is on its clones.'
      : `Clones are alike, and these hosts have a deployTo each: ${folders.join(', ')}.`,
    { next: ['give all hosts of the stage one deployTo'] },
  )
}

function placeOf(store: StoreConfig | null, at: string | null): StorePlace {
  if (store === null) throw new TypeError('demandBootable has let it through')
  if (store.kind === 's3') {
    if (at !== null) throw new UsageError('--store-at is for a store in a folder; machines ask the bucket itself.')
    return store
  }
  if (at === null) return { kind: 'path', dir: store.dir }
  if (at.startsWith('/')) return { kind: 'path', dir: at.replace(/(?<=.)\/+$/, '') }
  if (URL.canParse(at) && `${new URL(at).username}${new URL(at).password}` !== '')
    throw new UsageError('--store-at takes no password: the script is readable by all. CLONEDEPLOY_STORE_LOGIN has it.')
  if (/^https?:\/\/[^\s"\\]+$/.test(at) && URL.canParse(at)) return { kind: 'web', url: at.replace(/\/+$/, '') }
  throw new UsageError(`--store-at takes an absolute path, or an http or https address, not ${JSON.stringify(at)}.`)
}

/** Whom the machine believes is in its script: who may write in the store cannot write there. */
function signersIn({ allowedSigners: file }: Config): BootSettings['signers'] {
  if (file === null) return null
  const text = signersText(file)
  if (!/^[^#\s].*\s(ssh|ecdsa|sk)-\S+\s+AAAA/m.test(text))
    throw new UsageError(`${file} allows nobody to sign, so machines would believe nobody.`)
  return { text: text.trimEnd(), namespace: signedFor }
}

function signersText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`The allowed signers cannot be read: ${(error as Error).message}`)
  }
}

/** A machine that no inventory lists has the roles that it is given here. */
function rolesOf({ hosts, prepare, restart, health }: Config, { role }: ImageFlags): readonly string[] {
  const known = new Set(hosts.flatMap(({ roles }) => roles))
  const odd = role?.find(one => !known.has(one))
  if (odd !== undefined) throw new UsageError(`No host has the role ${JSON.stringify(odd)}.`)
  const isBound = [...prepare, ...restart, ...health].some(({ roles }) => roles !== null)
  if (role !== undefined || !isBound) return role ?? []
  throw new UsageError('Some steps are for hosts of certain roles: say which roles the machine has.', {
    details: [`roles of the stage: ${[...known].join(', ')}`],
    next: ['add --role ROLE'],
  })
}

function readyFile(path: string): string {
  if (/^\/[A-Za-z0-9._/@+-]+[^/]$/.test(path)) return path
  throw new UsageError(`--ready takes an absolute path of plain characters, not ${JSON.stringify(path)}.`)
}
