import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { page } from './page.js'

const folder = dirname(fileURLToPath(import.meta.url))
// Node resolves the links on the way to this file: the folder is releases/ID, whatever `current` leads to by now.
const release = basename(folder)
const { HOST_NAME = 'localhost', PORT = '3000', REDIS_URL, SESSION_SECRET } = process.env

const redis = createClient({ url: REDIS_URL })
redis.on('error', error => console.error(`redis: ${error.message}`))

const app = express()
app.disable('x-powered-by')
app.use((_request, response, next) => {
  response.set({ 'x-release': release, 'x-host': HOST_NAME, 'cache-control': 'no-store' })
  next()
})
// It proves to whoever asks which release is served.
app.get('/healthz', async (_request, response) => {
  await redis.ping()
  response.type('text').send(`${release}\n`)
})
// Any clone can answer any user: what it knows of them is in Redis.
app.use(
  session({
    store: new RedisStore({ client: redis, prefix: 'shop:' }),
    secret: SESSION_SECRET,
    name: 'sid',
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: 'lax' },
  }),
)
app.post('/login', express.urlencoded({ extended: false }), (request, response) => {
  request.session.user = String(request.body.user || 'nobody')
  request.session.visits = 0
  response.redirect(303, '/')
})
app.get(['/', '/slow'], async (request, response) => {
  if (request.path === '/slow') await new Promise(resolve => setTimeout(resolve, 400))
  if (request.session.user) request.session.visits += 1
  const { user = null, visits = 0 } = request.session
  const shown = { message: message(), user, visits, release, host: HOST_NAME }
  response.format({ html: () => response.send(page(shown)), json: () => response.json(shown) })
})

/** The text of the page; `{NAME}` in it stands for a setting, and each host has its own. */
function message() {
  return readFileSync(new URL('message.txt', import.meta.url), 'utf8')
    .trim()
    .replace(/\{(\w+)\}/g, (_, name) => {
      if (process.env[name] === undefined) throw new Error(`the page needs ${name}; app.env on ${HOST_NAME} lacks it`)
      return process.env[name]
    })
}

// Nobody is answered before this process knows that it can: a release that cannot make its page is seen by no user.
message()
await redis.connect()

const server = createServer(app)
if (process.send) takeConnections()
else server.listen(Number(PORT), '127.0.0.1')

/** The port is held by serve.js, which hands over each connection, and tells when there will be no more. */
function takeConnections() {
  let open = 0
  let retired = false
  const endIfIdle = () => {
    if (retired && open === 0) process.exit()
  }
  server.on('connection', socket => {
    open += 1
    socket.on('close', () => {
      open -= 1
      endIfIdle()
    })
  })
  // Before the app: it may have answered already when the next listener is called.
  server.prependListener('request', (_request, response) => {
    if (retired) response.setHeader('connection', 'close')
  })
  process.on('message', (what, socket) => {
    if (what === 'are you well?') {
      redis.ping().then(
        () => process.send('well'),
        error => process.send(error.message),
      )
    } else if (what === 'retire') {
      retired = true
      endIfIdle()
    } else if (socket) {
      server.emit('connection', socket)
      socket.resume()
    }
  })
  process.on('disconnect', () => process.exit())
  process.send('ready')
}
