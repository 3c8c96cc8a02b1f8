import { Agent } from 'node:http'
import { exchange } from './exchange.js'

/** A user with cookies and a connection, who counts the visits that the session should count. */
export function makeUser(url, { kind, path, keepAlive, cookies }, number) {
  const user = `${kind} ${number}`
  const agent = new Agent({ keepAlive, maxSockets: 1 })
  const jar = new Map()
  let visits = 0

  async function send(options, body, judge) {
    const record = { user, kind, path, began: performance.now(), release: null, failed: null, lost: null }
    try {
      const cookie = [...jar].map(pair => pair.join('=')).join('; ')
      const answer = await exchange(url, { ...options, agent, headers: { ...options.headers, cookie } }, body)
      for (const [name, value] of answer.cookies) if (cookies.includes(name)) jar.set(name, value)
      record.release = answer.headers['x-release'] ?? null
      judge(answer, record)
    } catch (error) {
      record.failed = error.code ?? error.message
    }
    return { ...record, ended: performance.now() }
  }

  return {
    name: user,
    logsIn: cookies.includes('sid'),
    leave: () => agent.destroy(),
    login() {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return send({ path: '/login', method: 'POST', headers }, `user=${encodeURIComponent(user)}`, (answer, record) => {
        if (answer.status !== 303) record.failed = `login: status ${answer.status}`
      })
    },
    ask() {
      return send({ path, headers: { accept: 'application/json' } }, '', (answer, record) => {
        if (answer.status !== 200) {
          record.failed = `status ${answer.status}`
          return
        }
        const shown = JSON.parse(answer.body)
        if (!cookies.includes('sid')) return
        visits += 1
        // More visits: an answer was lost on its way, the session was not.
        if (shown.user !== user || shown.visits < visits)
          record.lost = `${shown.user}, visit ${shown.visits}; it was visit ${visits} of ${user}`
        visits = shown.visits
      })
    },
  }
}
