/** What the clients got while a fleet went from one release to another; in a failed deploy both are the same. */
export function account(records, before, after) {
  const good = records.filter(({ failed }) => failed === null)
  const others = good.filter(({ release }) => release !== before)
  const old = good.filter(({ release }) => release === before)
  return {
    requests: records.length,
    failed: records.length - good.length,
    failures: tally(records.map(({ kind, failed }) => failed && `${failed}, of one who ${kind}`)),
    sessionsLost: records.filter(({ lost }) => lost !== null).length,
    slowestMs: slowest(records.filter(({ path }) => path === '/')),
    releases: tally(good.map(({ release }) => release)),
    // From the first request that another release answered to the last one that the release before answered; in a failed
    // deploy, to the last one that another release answered.
    mixedMs: between(others, before === after ? others : old),
    changes: mostChanges(good),
  }
}

/** Several accounts as one: sums, and the worst of what is none. */
export function together(step, accounts) {
  const sum = of => accounts.reduce((all, each) => all + of(each), 0)
  const most = of => Math.max(...accounts.map(of))
  return {
    step,
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    failures: {},
    sessionsLost: sum(({ sessionsLost }) => sessionsLost),
    slowestMs: most(({ slowestMs }) => slowestMs),
    mixedMs: most(({ mixedMs }) => mixedMs),
    changes: {
      stays: most(({ changes }) => changes.stays),
      'connects anew': most(({ changes }) => changes['connects anew']),
    },
  }
}

function between(from, to) {
  if (from.length === 0 || to.length === 0) return 0
  const began = ({ began }) => began
  return Math.max(0, Math.round(Math.max(...to.map(began)) - Math.min(...from.map(began))))
}

function slowest(records) {
  return Math.round(Math.max(0, ...records.map(({ began, ended }) => ended - began)))
}

/** How often the release changed for one user, at most, by the kind of user. */
function mostChanges(records) {
  const last = new Map()
  const changes = new Map()
  const most = {}
  for (const { user, kind, release } of records) {
    const more = last.has(user) && last.get(user) !== release ? 1 : 0
    changes.set(user, (changes.get(user) ?? 0) + more)
    last.set(user, release)
    most[kind] = Math.max(most[kind] ?? 0, changes.get(user))
  }
  return most
}

function tally(values) {
  const counts = {}
  for (const value of values) if (value !== null) counts[value] = (counts[value] ?? 0) + 1
  return counts
}
