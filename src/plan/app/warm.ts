import type { Config, Hook, Warm } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import { portsOn } from '../../release/ports.js'
import type { Claim } from '../../scripts/shell/fence.js'
import { type HookRun, hook, type Variables } from '../../scripts/shell/hook.js'
import type { Script } from '../../scripts/shell/shell.js'
import { laySwitch, switchOver } from '../../scripts/transaction/switch.js'
import { cool, forget, warm } from '../../scripts/transaction/warm.js'
import type { HostState } from '../../state/host-state.js'
import { currentRelease } from '../../state/releases.js'
import type { BackSwitch, HealthStep, HookStep, HostPlan, ScriptStep } from '../plan.js'
import type { RunOn } from './release-run.js'
import { hookVariables, onHost, type Served } from './variables.js'

type WarmHook = Hook & { readonly warm: Warm }

/** A release that is run on a host, in a transaction. */
export interface Place {
  readonly claim: Claim
  readonly host: Host
  readonly on: Pick<RunOn, 'config' | 'host'>
  readonly state: HostState
  readonly secrets: Variables
}

/** Milliseconds that one question may take. */
const oneTry = 5000

/** What a host's plan has for a release that is started beside the one that has the traffic, and gets it. */
export type WarmSteps = Pick<
  HostPlan,
  'warm' | 'warmReady' | 'laySwitch' | 'switch' | 'switchAlone' | 'flip' | 'cool' | 'coolBack'
>

export const notWarm: WarmSteps = {
  warm: [],
  warmReady: [],
  laySwitch: null,
  switch: null,
  switchAlone: [],
  flip: null,
  cool: [],
  coolBack: [],
}

/** `deadline`: seconds for which a host takes the word. */
export function warmSteps(place: Place, served: Served, deadline: number): WarmSteps {
  const { claim, on, state, secrets } = place
  const { release, previous } = served
  const hooks = warmHooks(on.config, on.host)
  if (hooks.length === 0) return notWarm
  const folder = `releases/${release}`
  const variables = hookVariables(on.config, secrets, on.host, state.root, served)
  const lay = laySwitch(claim, { target: folder, runs: switchRuns(hooks), variables, deadline })
  return {
    ...notWarm,
    warm: hooks.map(one =>
      hookStep('warm', one.warm.warm, one.timeout, folder, run => warm(claim, release, run, variables)),
    ),
    warmReady: hooks.map(one => readyStep(place, one, folder, variables)),
    laySwitch: scriptOf(lay, 'make ready to switch'),
    switch: switchStep(claim, hooks, deadline),
    switchAlone: hooks.map(one =>
      hookStep('switch', one.run, one.timeout, 'current', run => hook(claim, run, variables)),
    ),
    cool: coolSteps(place, release, release, previous),
    coolBack: coolSteps(place, release, previous, release),
  }
}

/** The way back to a release that runs beside the other, as it was deployed. `old`: what `current` was. Null: it is none. */
export function backSteps(
  place: Place,
  served: Served,
  old: string,
  deadline: number,
): Pick<BackSwitch, 'lay' | 'switch'> | null {
  const { claim, on, state, secrets } = place
  const hooks = warmHooks(on.config, on.host)
  if (hooks.length === 0) return null
  const variables = hookVariables(on.config, secrets, on.host, state.root, served)
  const lay = laySwitch(claim, { target: old, isBack: true, runs: switchRuns(hooks), variables, deadline })
  return { lay: scriptOf(lay, 'make ready to switch back'), switch: switchStep(claim, hooks, deadline) }
}

/** Ends what a dead run left warm on a host: as that release was deployed. */
export function leftWarm(place: Place, release: string): HostPlan['leftWarm'] {
  const { claim, state } = place
  const isThere = state.releases.some(({ id }) => id === release)
  const steps = isThere ? coolSteps(place, release, currentRelease(state), release) : []
  if (steps.length > 0) return steps
  return [scriptOf(forget(claim), `forget that ${release} was warm: nothing is left that could end it`)]
}

/** `release` was warmed; `stays` has the traffic (null: none has), `ends` is the other. */
function coolSteps(
  { claim, on, state, secrets }: Place,
  release: string,
  stays: string | null,
  ends: string | null,
): readonly HookStep[] {
  const hooks = warmHooks(on.config, on.host)
  const served = { release: stays ?? '', revision: null, previous: ends }
  const all = hookVariables(on.config, secrets, on.host, state.root, served)
  const variables = stays === null ? { ...all, CLONEDEPLOY_RELEASE_PATH: '' } : all
  return hooks.map((one, i) =>
    hookStep('cool', one.warm.cool, one.timeout, `releases/${release}`, run =>
      cool(claim, run, variables, i === hooks.length - 1),
    ),
  )
}

/** Whether two releases run on a host until a run is confirmed. */
export function warms(config: Config, host: Host): boolean {
  return warmHooks(config, host).length > 0 || portsOn(config.restart, host) !== null
}

function warmHooks(config: Config, host: Host): readonly WarmHook[] {
  return onHost(config.restart, host).filter((one): one is WarmHook => one.warm !== undefined)
}

function switchRuns(hooks: readonly WarmHook[]): readonly HookRun[] {
  return hooks.map(({ run, timeout }) => ({ folder: 'current', run, timeout: timeout / 1000 }))
}

function switchStep(claim: Claim, hooks: readonly WarmHook[], deadline: number): ScriptStep {
  const text = hooks.map(({ run }) => run).join('; ')
  return scriptOf(switchOver(claim), text, sum(hooks) + deadline * 1000 + 15_000)
}

function readyStep({ claim, state }: Place, one: WarmHook, folder: string, variables: Variables): HealthStep {
  const { timeout, roles } = one
  const tryTimeout = Math.min(oneTry, timeout)
  const run = one.warm.ready
  return {
    kind: 'health',
    name: 'health',
    text: run,
    root: state.root,
    check: { kind: 'command', run, timeout, tryTimeout, roles },
    target: { script: hook(claim, { folder, run, timeout: tryTimeout / 1000 }, variables) },
    proofs: [],
    others: [],
  }
}

function hookStep(
  name: string,
  text: string,
  timeout: number,
  folder: string,
  scriptFor: (run: HookRun) => Script,
): HookStep {
  const script = scriptFor({ folder, run: text, timeout: timeout / 1000 })
  return { kind: 'hook', name, text, script, timeout: timeout + 15_000 }
}

function scriptOf(script: Script, text: string, timeout = 20_000): ScriptStep {
  return { kind: 'script', name: script.name, text, script, timeout }
}

function sum(hooks: readonly Hook[]): number {
  return hooks.reduce((all, { timeout }) => all + timeout, 0)
}
