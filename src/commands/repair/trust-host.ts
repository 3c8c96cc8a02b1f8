import { MixedError, PreflightError, UsageError } from '../../errors.js'
import { selectHosts } from '../../inventory/select.js'
import { wordsOf } from '../../state/evidence/host-claims.js'
import { aloneText, trusting } from '../../state/evidence/lone-host.js'
import type { Vouched } from '../../state/evidence/vouched-record.js'
import type { HostState } from '../../state/host-state.js'
import type { Context } from '../context/context.js'
import type { JoinFlags, RepairFlags } from '../context/flags.js'

/** What a repair or a join has heard, and from whom. */
interface Heard {
  readonly states: readonly HostState[]
  readonly heard: Vouched
  readonly joining: ReadonlySet<string>
}

/** The host whose word the user takes, by its name; null: nobody's. Throws UsageError for one that is not in the inventory. */
export function trustedHost({ config }: Context, { trustHost }: RepairFlags | JoinFlags): string | null {
  if (trustHost === undefined) return null
  return selectHosts(config.hosts, { only: [trustHost] })[0]?.name ?? null
}

/** Whether the host that is trusted says anything. Throws PreflightError, UsageError. */
export function demandWord(trusted: string | null, states: readonly HostState[], joining: ReadonlySet<string>): void {
  if (trusted === null) return
  if (!states.some(({ name }) => name === trusted))
    throw new PreflightError(`${trusted} could not be read: what it says of the fleet is not known.`, {
      changed: 'nothing',
      next: ['look: clonedeploy check'],
    })
  if (joining.has(trusted) || !wordsOf(states).some(({ host }) => host === trusted))
    throw new UsageError(`${trusted} says nothing of what the fleet serves.`, {
      changed: 'nothing',
      next: ['look: clonedeploy status'],
    })
}

/** Says what is done on the word of one host, as long as nobody else says the same. */
export function noteTrust({ emit }: Context, trusted: string, { alone }: Vouched): void {
  const word = alone.find(({ host }) => host === trusted)
  if (word !== undefined) emit({ type: 'note', level: 'warning', host: null, text: `on trust: ${aloneText(word)}` })
}

/** What to type, once it was found out whether a host that nobody bears out is right. */
export function trustSteps({ io }: Context, { states, heard, joining }: Heard): readonly string[] {
  return trusting(
    states.filter(({ name }) => !joining.has(name)),
    heard,
    flag => io.again(flag),
  )
}

/** Why nothing is done on the word of these hosts. */
export function notBorneOut(context: Context, heard: Heard): MixedError {
  const { alone } = heard.heard
  const names = alone.map(({ host }) => host).join(', ')
  return new MixedError(`No other host bears out what ${names} ${alone.length === 1 ? 'says' : 'say'}.`, {
    changed: 'nothing',
    details: alone.map(aloneText),
    next: trustSteps(context, heard),
  })
}
