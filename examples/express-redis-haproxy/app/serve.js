// Holds the port of the app, and hands each connection to a worker of the release that has the traffic. Workers of another
// release may stand ready beside those: they get no connection until they are told. bin/serve.sh gives the orders, through one
// pipe, and reads the answers from another. Usage: node serve.js DEPLOY_TO
import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  constants,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer, Socket } from 'node:net'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseEnv } from 'node:util'

const root = process.argv[2]
const settings = () => parseEnv(readFileSync(join(root, 'shared/app.env'), 'utf8'))
const { PORT = '3000', WORKERS = '2' } = settings()

/** The workers of each release that runs, and the release that has the traffic. */
const running = new Map()
let serving = null
let turn = 0

const port = createServer({ pauseOnConnect: true }, socket => {
  socket.on('error', () => {})
  const able = (running.get(serving) ?? []).filter(({ connected }) => connected)
  turn += 1
  const worker = able[turn % able.length]
  if (worker) worker.send('connection', socket)
  else socket.destroy()
})

const orders = { warm, ready, switch: switchTo, reload, cool }

// Both are open for reading and writing here, so that neither ends while this process lives, and nobody waits to open one.
const pipe = name => openSync(join(root, 'shared', name), constants.O_RDWR | constants.O_NONBLOCK)
const answers = pipe('answers')
let busy = begin()
createInterface({ input: new Socket({ fd: pipe('orders') }) }).on('line', line => {
  const [number, what, release] = line.split(' ')
  busy = busy
    .then(() => orders[what](release))
    .then(
      () => writeSync(answers, `${number} done\n`),
      error => writeSync(answers, `${number} ${error.message}\n`),
    )
    .catch(console.error)
})
process.on('SIGTERM', async () => {
  port.close()
  serving = null
  await cool(null)
  process.exit()
})

/** Serves what `current` names, where there is something. */
async function begin() {
  if (existsSync(join(root, 'current')))
    await switchTo(basename(realpathSync(join(root, 'current')))).catch(console.error)
  const file = join(root, 'shared/pid')
  writeFileSync(`${file}.new`, `${process.pid}\n`)
  renameSync(`${file}.new`, file)
}

/** Starts the workers of a release; they stand ready and get no connection. */
async function warm(release) {
  if (able(release)) return
  end(release)
  running.set(release, await startAll(release))
}

/** Every worker of the release says that it can answer. */
async function ready(release) {
  if (!able(release)) throw new Error(`${release} does not run`)
  await Promise.all(running.get(release).map(isWell))
}

/** From now on each new connection is the release's. The workers of the other go on with what they have begun. */
async function switchTo(release) {
  if (!able(release)) await warm(release)
  serving = release
  if (!port.listening) await new Promise(resolve => port.listen(Number(PORT), '127.0.0.1', resolve))
}

/** The same, by fresh workers. */
async function reload(release) {
  const before = running.get(release) ?? []
  running.set(release, await startAll(release))
  for (const worker of before) retire(worker)
  await switchTo(release)
}

/** Ends the workers of all releases but this one, when they have answered what they have begun. */
async function cool(release) {
  const others = [...running.keys()].filter(one => one !== release && one !== serving)
  await Promise.all(others.map(end))
}

async function end(release) {
  const workers = running.get(release) ?? []
  running.delete(release)
  const living = workers.filter(worker => worker.exitCode === null && worker.signalCode === null)
  await Promise.all(
    living.map(worker => {
      retire(worker)
      return once(worker, 'exit')
    }),
  )
}

function able(release) {
  return running.get(release)?.some(({ connected }) => connected) ?? false
}

async function startAll(release) {
  const workers = Array.from({ length: Number(WORKERS) }, () => start(release))
  try {
    await Promise.all(workers.map(isReady))
  } catch (error) {
    for (const worker of workers) worker.kill('SIGKILL')
    throw error
  }
  for (const worker of workers) replaceWhenItDies(worker, release)
  return workers
}

function start(release) {
  const folder = join(root, 'releases', release)
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

async function isWell(worker) {
  if (!worker.connected) throw new Error('a worker has ended')
  worker.send('are you well?')
  const [answer] = await once(worker, 'message', { signal: AbortSignal.timeout(3000) })
  if (answer !== 'well') throw new Error(answer)
}

function retire(worker) {
  if (worker.connected) worker.send('retire')
  setTimeout(() => worker.kill('SIGKILL'), 30_000).unref()
}

function replaceWhenItDies(worker, release) {
  worker.once('exit', async () => {
    const place = () => (running.get(release) ?? []).indexOf(worker)
    if (place() === -1) return
    const next = start(release)
    const isAble = await isReady(next).then(
      () => true,
      () => false,
    )
    if (!isAble || place() === -1) return next.kill('SIGKILL')
    running.get(release)[place()] = next
    replaceWhenItDies(next, release)
  })
}
