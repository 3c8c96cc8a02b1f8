// Holds the port of the app, and hands each connection to a worker of the release in office. On SIGHUP it starts workers of the
// release that `current` leads to; when all of them can answer, every new connection is theirs, and the old ones end when
// they have answered what they have begun. When one cannot, the old ones stay. Usage: node serve.js DEPLOY_TO
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { parseEnv } from 'node:util'

const root = process.argv[2]
const settings = () => parseEnv(readFileSync(join(root, 'shared/app.env'), 'utf8'))
const { PORT = '3000', WORKERS = '2' } = settings()

let office = []
let turn = 0
let busy = change()

const port = createServer({ pauseOnConnect: true }, socket => {
  socket.on('error', () => {})
  const able = office.filter(({ connected }) => connected)
  turn += 1
  const worker = able[turn % able.length]
  if (worker) worker.send('connection', socket)
  else socket.destroy()
})
busy.then(() => {
  if (office.length === 0) process.exit(1)
  port.listen(Number(PORT), '127.0.0.1', () => tell('pid', process.pid))
})

process.on('SIGHUP', () => {
  busy = busy.then(change)
})
process.on('SIGTERM', async () => {
  port.close()
  const last = office.splice(0)
  for (const worker of last) retire(worker)
  await Promise.all(last.map(worker => once(worker, 'exit')))
  process.exit()
})

/** What is said in shared/serving: the release, or why it is not that one. bin/reload.sh waits for it. */
async function change() {
  const folder = realpathSync(join(root, 'current'))
  const workers = Array.from({ length: Number(WORKERS) }, () => start(folder))
  try {
    await Promise.all(workers.map(isReady))
  } catch (error) {
    for (const worker of workers) worker.kill('SIGKILL')
    return tell('serving', `failed: ${error.message}`)
  }
  const old = office
  office = workers
  for (const worker of old) retire(worker)
  for (const worker of workers) replaceWhenItDies(worker, folder)
  tell('serving', basename(folder))
}

function start(folder) {
  return fork(join(folder, 'server.js'), { cwd: folder, env: { ...process.env, ...settings() } })
}

function isReady(worker) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a worker is not ready after 30 s')), 30_000)
    worker.once('message', resolve)
    worker.once('exit', code => reject(new Error(`a worker ended with ${code} while it started`)))
    worker.once('exit', () => clearTimeout(timer))
    worker.once('message', () => clearTimeout(timer))
  })
}

function retire(worker) {
  if (worker.connected) worker.send('retire')
  setTimeout(() => worker.kill('SIGKILL'), 30_000).unref()
}

function replaceWhenItDies(worker, folder) {
  worker.once('exit', async () => {
    const place = office.indexOf(worker)
    if (place === -1) return
    const next = start(folder)
    const ready = await isReady(next).then(
      () => true,
      () => false,
    )
    const now = office.indexOf(worker)
    if (!ready || now === -1) return next.kill('SIGKILL')
    office[now] = next
    replaceWhenItDies(next, folder)
  })
}

function tell(name, text) {
  const file = join(root, 'shared', name)
  writeFileSync(`${file}.new`, `${text}\n`)
  renameSync(`${file}.new`, file)
}
