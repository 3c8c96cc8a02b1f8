import { makeUser } from './user.js'

/** HAProxy's cookie HOST keeps a user with a host; those who do not send it meet another one each time. */
const kinds = [
  { kind: 'stays', count: 4, path: '/', keepAlive: true, cookies: ['sid', 'HOST'] },
  { kind: 'connects anew', count: 4, path: '/', keepAlive: false, cookies: ['sid', 'HOST'] },
  { kind: 'roams', count: 3, path: '/', keepAlive: true, cookies: ['sid'] },
  { kind: 'waits long', count: 2, path: '/slow', keepAlive: true, cookies: ['sid', 'HOST'] },
  { kind: 'does not log in', count: 2, path: '/slow', keepAlive: true, cookies: ['HOST'] },
]
const pause = 30

/** Users who log in and then ask for the page again and again. Everything that they get is written down. */
export function startClients(url) {
  const records = []
  const users = kinds.flatMap(kind => Array.from({ length: kind.count }, (_, n) => makeUser(url, kind, n + 1)))
  let going = true
  const lives = users.map(async user => {
    if (user.logsIn) records.push(await user.login())
    while (going) {
      records.push(await user.ask())
      await new Promise(resolve => setTimeout(resolve, pause))
    }
  })
  return {
    count: users.length,
    /** Waits until every user has asked, and got an answer, this many times more. */
    async answered(count) {
      const since = performance.now()
      const answers = name => records.filter(({ user, began }) => user === name && began >= since).length
      while (going && !users.every(({ name }) => answers(name) >= count))
        await new Promise(resolve => setTimeout(resolve, 20))
    },
    taken: () => records.splice(0),
    async end() {
      going = false
      await Promise.all(lives)
      for (const user of users) user.leave()
    },
  }
}
