/** Tells the story, in words or as one JSON object a line. */
export function printer(json) {
  const tell = (event, text) => console.log(json ? JSON.stringify(event) : text)
  return {
    up: ({ url, dir }) =>
      tell({ event: 'up', url, dir }, `${url}   HAProxy before three hosts; everything is in ${dir}`),
    first: ({ release, users }) =>
      tell({ event: 'first', release, users }, `${release} on all hosts; ${users} users have logged in`),
    step: (result, run) => tell({ event: 'step', ...result }, stepText(result, run)),
    end: bad => tell({ event: 'end', bad }, bad === 0 ? '\n✔ No user saw an error.' : '\n✖ Users saw errors.'),
  }
}

function stepText({ step, from, to, requests, failed, failures, sessionsLost, slowestMs, mixedMs, changes }, run) {
  const failing =
    failed === 0
      ? ''
      : ` (${Object.entries(failures)
          .map(pair => pair.join(': '))
          .join(', ')})`
  const seen = from === to ? 'the failed release was seen for' : 'old and new side by side for'
  return `
${step}   ${from} → ${to}   exit ${run.code}, ${run.seconds} s, swapped within ${run.swapWindowMs} ms
  requests ${requests}   failed ${failed}${failing}   sessions lost ${sessionsLost}   slowest ${slowestMs} ms
  ${seen} ${mixedMs} ms; changes of the release seen by one user, at most: ${Object.entries(changes)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')}`
}
