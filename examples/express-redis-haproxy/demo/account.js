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
    ...(before === after ? thereAndBack(others, old) : cutOver(others, old)),
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
    backMs: most(({ backMs }) => backMs),
    underWay: most(({ underWay }) => underWay),
    changes: {
      stays: most(({ changes }) => changes.stays),
      'connects anew': most(({ changes }) => changes['connects anew']),
    },
  }
}

/**
 * For how long two releases answered new requests: from the first request that the new one answered to the last one that the
 * old one answered. `underWay`: how many the old one answered later that had been asked before.
 */
function cutOver(others, old) {
  if (others.length === 0) return { mixedMs: 0, backMs: 0, underWay: 0 }
  const [first, last] = [Math.min(...others.map(began)), Math.max(...old.map(began))]
  return { mixedMs: Math.max(0, Math.round(last - first)), backMs: 0, underWay: underWay(old, first) }
}

/** The same of a release that came and went (`backMs`: as it went). Between both lies the longest time without a request that the old one answered. */
function thereAndBack(others, old) {
  if (others.length === 0) return { mixedMs: 0, backMs: 0, underWay: 0 }
  const [first, last] = [Math.min(...others.map(began)), Math.max(...others.map(began))]
  const times = [first, ...old.map(began).filter(time => time > first && time < last), last].sort((a, b) => a - b)
  const gaps = times.slice(1).map((time, n) => time - times[n])
  const longest = gaps.indexOf(Math.max(...gaps))
  const [gone, back] = [times[longest] ?? first, times[longest + 1] ?? last]
  return {
    mixedMs: Math.round(gone - first),
    backMs: Math.round(last - back),
    underWay: underWay(old, first) + underWay(others, back),
  }
}

function underWay(records, since) {
  return records.filter(({ began, ended }) => began < since && ended > since).length
}

function began(record) {
  return record.began
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
