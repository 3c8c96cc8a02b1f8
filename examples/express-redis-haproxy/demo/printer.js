const columns = [
  ['', 40, ({ step }) => step],
  ['exit', 6, (_, { code }) => code],
  ['seconds', 9, (_, { seconds }) => seconds],
  ['requests', 10, ({ requests }) => requests],
  ['failed', 8, ({ failed }) => failed],
  ['sessions lost', 15, ({ sessionsLost }) => sessionsLost],
  ['slowest ms', 12, ({ slowestMs }) => slowestMs],
  ['two releases ms', 17, ({ mixedMs, backMs }) => (backMs === 0 ? mixedMs : `${mixedMs} + ${backMs}`)],
  ['under way', 11, ({ underWay }) => underWay],
  ['changes seen', 14, ({ changes }) => Math.max(changes.stays, changes['connects anew'])],
]

/** Tells the story, as a table or as one JSON object a line. */
export function printer(json) {
  const tell = (event, text) => console.log(json ? JSON.stringify(event) : text)
  return {
    up: ({ url, dir }) =>
      tell({ event: 'up', url, dir }, `${url}   HAProxy before three hosts; everything is in ${dir}`),
    first: ({ release, users }) =>
      tell({ event: 'first', release, users }, `${release}   on all hosts; ${users} users are logged in\n`),
    head: () => json || console.log(line(([name]) => name)),
    step: (result, run) => tell({ event: 'step', ...result }, stepText(result, run)),
    end: bad => tell({ event: 'end', bad }, bad === 0 ? '\n✔ No user saw an error.' : '\n✖ Users saw errors.'),
  }
}

function stepText(result, run) {
  const failures = Object.entries(result.failures).map(([what, count]) => `${what} ×${count}`)
  return [line(([, , value]) => value(result, run)), ...failures.map(text => `    ${text}`)].join('\n')
}

function line(cell) {
  return columns
    .map((column, n) => (n === 0 ? String(cell(column)).padEnd(column[1]) : String(cell(column)).padStart(column[1])))
    .join('')
}
