import type { HostOutcome, Outcome } from '../../fleet/outcome.js'

/** The outcome as `--json` prints it: a contract, which may only grow. */
export function outcomeJson(outcome: Outcome) {
  return {
    v: 1,
    command: outcome.command,
    result: outcome.result,
    exitCode: outcome.exitCode,
    stage: outcome.stage,
    release: outcome.release,
    previous: outcome.previous,
    digest: outcome.digest,
    seconds: outcome.seconds,
    bytes: outcome.bytes,
    swapWindowMs: outcome.swapWindowMs,
    switchWindowMs: outcome.switchWindowMs,
    hosts: outcome.hosts.map(hostJson),
    reason: outcome.reason,
    next: outcome.next,
    warnings: outcome.warnings,
    ...(outcome.stopped === undefined ? {} : { stopped: outcome.stopped }),
    ...(outcome.gone === undefined ? {} : { gone: outcome.gone }),
    ...(outcome.joined === undefined ? {} : { joined: outcome.joined }),
  } as const
}

function hostJson(host: HostOutcome) {
  const { name, current, digest, healthy, bytes } = host
  const error = host.error === null ? null : errorJson(host.error)
  return {
    name,
    current,
    digest,
    healthy,
    bytes,
    error,
    ...(host.out === undefined ? {} : { out: host.out }),
    ...(host.back === undefined ? {} : { back: host.back }),
    ...(host.restarted === undefined ? {} : { restarted: host.restarted }),
  }
}

function errorJson({ phase, step, message, hint, output, log }: NonNullable<HostOutcome['error']>) {
  return { phase, step, message, hint, output, log: log ?? null }
}
