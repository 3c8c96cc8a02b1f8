import type { HostPlan, Plan, PushStep } from './plan.js'

/** Bytes from which on a detour is worth it: less is there before a host could begin to hand it on, or to fetch it. */
export const much = 1 << 20

/** The push among the steps of a host. */
export function pushOf({ prepare }: HostPlan): PushStep | undefined {
  return prepare.find(step => step.kind === 'push')
}

/**
 * Which hosts get their files from which other ones (by name): of those that need the same the first ones hand it on.
 * `size`: bytes that it takes to bring a host with this base (its digest) on.
 */
export async function takersOf(
  { hosts, relay }: Pick<Plan, 'hosts' | 'relay'>,
  size: (base: string | null) => Promise<number>,
): Promise<ReadonlyMap<string, string>> {
  const takers = new Map<string, string>()
  if (relay === null) return takers
  const alike = new Map<string | null, string[]>()
  for (const plan of hosts) {
    const push = pushOf(plan)
    if (push === undefined) continue
    alike.set(push.baseDigest, [...(alike.get(push.baseDigest) ?? []), plan.host.name])
  }
  for (const [base, names] of alike) {
    const seeds = names.slice(0, relay.seeds)
    const others = names.slice(relay.seeds)
    if (others.length < 2 || (await size(base)) <= much) continue
    for (const [i, name] of others.entries()) takers.set(name, seeds[i % seeds.length] as string)
  }
  return takers
}
