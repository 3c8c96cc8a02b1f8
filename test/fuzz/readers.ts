import { expect } from 'vitest'
import { isPlainPath, ManifestError } from '../../src/artifact/manifest/entry.js'
import { entriesOf, parseManifest } from '../../src/artifact/manifest/manifest.js'
import { parseState } from '../../src/balancer/command.js'
import { readServers } from '../../src/balancer/haproxy-socket.js'
import { answerReader } from '../../src/connection/shell/answer.js'
import { readRun } from '../../src/fleet/read/run-record.js'
import { parseHost } from '../../src/inventory/parse.js'
import { readCapistrano } from '../../src/project/capistrano/capistrano.js'
import { isReleaseId } from '../../src/release/id.js'
import { parseAudit } from '../../src/scripts/read/audit.js'
import { parseFacts } from '../../src/scripts/read/facts.js'
import { parseListeners } from '../../src/scripts/read/listeners.js'
import { parseMemory } from '../../src/scripts/read/memory.js'
import { parsePlatform } from '../../src/scripts/read/platform.js'
import { parseProcesses } from '../../src/scripts/read/processes.js'
import { parseWorkers } from '../../src/scripts/service/nginx-workers.js'
import { parseServices } from '../../src/scripts/service/service-check.js'
import { generationText, parseGeneration } from '../../src/store/generation.js'
import type { Dice } from '../faults/dice.js'
import { plain, rails } from '../project/capistrano/projects.js'
import { generation } from '../store/generation.js'
import { acting, textsIn } from '../support/evil.js'

/** What reads text that somebody else wrote. `holds` fails where a reading breaks its promise; whatever it throws is a fault. */
export interface Reader {
  readonly name: string
  /** What is read every day, in latin1. */
  readonly genuine: readonly string[]
  readonly holds: (input: Buffer, dice: Dice) => void
}

const sha = 'ab'.repeat(32)
const release = '20260102-000000-bbbbbbb'
const limits = { timeout: 1000, tryTimeout: 1000, roles: null }
const run = {
  restart: [{ run: 'true', once: false, roles: null, timeout: 1000, service: { kind: 'touch', file: 'tmp/x' } }],
  health: [{ kind: 'tcp', address: '127.0.0.1:3000', ...limits }],
  prepare: [],
  writable: ['cache'],
  shared: { dirs: ['uploads'], files: ['.env'] },
  env: { PORT: '3000' },
  hostEnv: {},
}

export const readers: readonly Reader[] = [
  {
    name: 'a manifest',
    genuine: [
      `# clonedeploy 1 036\nd bin\nd dist\nf 644 2 ${sha} dist/app.js\nf 755 10 ${sha} dist/A\nl ../dist/app.js//bin/app\n`,
    ],
    holds(input) {
      const manifest = readOrRefused(() => parseManifest(input), ManifestError)
      if (manifest === null) return
      expect(entriesOf(manifest).filter(({ path }) => !isPlainPath(path))).toEqual([])
      expect(Buffer.from(`${manifest.lines.join('\n')}\n`, 'latin1')).toEqual(input)
    },
  },
  {
    name: 'a generation of the store',
    genuine: [
      generationText(generation({ tx: '0a'.repeat(22) })),
      generationText(
        generation({
          ...{ tx: '0a'.repeat(22), state: 'withdrawn', reason: 'web-1: no space' },
          bad: [{ release, digest: `sha256:${sha}`, reason: 'health', at: '2026-01-02T00:00:00Z' }],
        }),
      ),
    ],
    holds(input) {
      const read = parseGeneration(input, 1, { app: 'shop', stage: 'production' })
      isShown(read, ['clone'])
      if (!('number' in read)) return
      const { tx, state, target, confirmed } = read
      expect(parseGeneration(Buffer.from(generationText(read)), 1, read)).toMatchObject({
        tx,
        state,
        target,
        confirmed,
      })
    },
  },
  {
    name: 'how a release is run',
    genuine: [JSON.stringify(run)],
    holds(input) {
      const read = readRun(input.toString())
      if (read !== 'damaged') expect(readRun(JSON.stringify(read))).toEqual(read)
    },
  },
  {
    name: 'what a clone holds',
    genuine: [
      `here// /srv/shop\nf// ${release} 12 1700000000 root ./new\nf// shared 5 1700000000 www-data ./uploads/a\ns// ${sha} ./uploads/a\np// 77 node\no// 77 5 1700000000 root /srv/shop/db.sqlite\ncut// shared\nunread// shared/x\n@whole\n`,
    ],
    holds(input) {
      const read = parseAudit(input)
      expect(
        (read?.files ?? []).filter(({ size, modified }) => !Number.isSafeInteger(size) || Number.isNaN(modified)),
      ).toEqual([])
    },
  },
  {
    name: 'processes',
    genuine: [`process 12 ${release} app node\nprocess 13 ${release} session bash\n@whole\n`],
    holds(input) {
      const read = parseProcesses(input)
      isShown(read)
      expect(read.filter(one => !isReleaseId(one.release))).toEqual([])
    },
  },
  {
    name: 'services',
    genuine: [
      'who deploy\nsystemctl /usr/bin/systemctl\n0 denied sudo: a password is required\n1 no-unit shop.service\n',
    ],
    holds(input) {
      const read = parseServices(input, 2)
      isShown(read)
      expect(read.faults.filter(({ service }) => service > 1)).toEqual([])
      expect(`${read.who}${read.systemctl}`).toMatch(/^[\w./@+-]+$/)
    },
  },
  {
    name: 'listeners',
    genuine: [
      'login 1000\nsocket 55\nlistens 0100007F:0BB8 1000 55\nlistens 00000000000000000000000000000000:0016 0 9\nlistens 0000000000000000FFFF00000100007F:1F90 33 7\n',
    ],
    holds(input) {
      const read = parseListeners(input)
      expect(read.filter(({ address, port }) => port > 65_535 || !/^[\d.:a-f*]{0,40}$/.test(address))).toEqual([])
    },
  },
  {
    name: 'facts',
    genuine: ['now 1767312000.123456789\ntar tar (GNU tar) 1.34\nsyncs folders\n'],
    holds: input => isShown(parseFacts(input)),
  },
  {
    name: 'memory and platform',
    genuine: [
      'Linux x86_64\nld-linux-x86-64.so.2\nld-musl-aarch64.so.1\navailable 812345\nswap 100\nlimit 1000\nserved 20000 4\n',
    ],
    holds(input) {
      const [line = '', ...told] = input.toString('latin1').split('\n')
      isShown([parsePlatform(line, told), parseMemory(told), parseWorkers(line)])
    },
  },
  {
    name: 'servers of HAProxy',
    genuine: [
      '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n3 web 1 h1 127.0.0.1 2 0 1 1\n3 web 2 h2 127.0.0.1 2 8 1 1\n\n# pxname,svname,qcur,qmax,scur,smax\nweb,h1,1,9,3,9\nweb,h2,0,0,0,0\n\n',
    ],
    holds(input) {
      const read = [...readServers(input.toString('latin1'), 'web').values()]
      expect(
        read.filter(({ sessions }) => sessions !== null && !(Number.isSafeInteger(sessions) && sessions >= 0)),
      ).toEqual([])
    },
  },
  {
    name: 'the state of a server',
    genuine: ['ready 3\n', 'drain', 'DOWN'],
    holds(input) {
      const sessions = parseState(input.toString('latin1'))?.sessions ?? 0
      expect(Number.isSafeInteger(sessions)).toBe(true)
    },
  },
  {
    name: 'a host of the inventory',
    genuine: ['deploy@10.0.0.2:2222', '[fe80::1%eth0]:22', 'web-1.example.com'],
    holds(input) {
      const read = parseHost(input.toString())
      if ('problem' in read) return
      const { host, user, port } = read.parts
      const address = host.includes(':') && port !== undefined ? `[${host}]` : host
      expect(
        parseHost(`${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`),
      ).toEqual(read)
    },
  },
  {
    name: 'the files of Capistrano',
    genuine: [plain, rails].flatMap(files => Object.values(files)),
    holds(input) {
      const read = readCapistrano({
        capfile: null,
        deploy: { file: 'config/deploy.rb', text: input.toString() },
        stages: [],
        tasks: [],
      })
      expect(read.left.length).toBeLessThan(20_000)
    },
  },
  {
    name: 'an answer in pieces',
    genuine: ['Welcome!\nBEGIN\nroot /srv\n\nEND 0\nmore', 'BEGIN\nEND 255\n', 'BEGINBEGIN\n\nEND\nEND 7\n'],
    holds(input, { roll }) {
      const pieces: Buffer[] = []
      for (let at = 0, to = roll(9); at < input.length; at = to, to += roll(9)) pieces.push(input.subarray(at, to))
      expect(heard(pieces)).toEqual(heard([input]))
    },
  },
]

function heard(pieces: readonly Buffer[]) {
  const [noise, bytes]: [Buffer[], Buffer[]] = [[], []]
  const marks: string[] = []
  const reader = answerReader(
    { begin: 'BEGIN', end: 'END' },
    {
      onNoise: chunk => noise.push(chunk),
      onBegin: () => marks.push('begin'),
      onBytes: chunk => bytes.push(chunk),
      onEnd: () => marks.push('end'),
      onGarbage: () => marks.push('garbage'),
    },
  )
  for (const piece of pieces) reader.push(piece)
  reader.flush()
  return { noise: Buffer.concat(noise), bytes: Buffer.concat(bytes), marks, code: reader.code() }
}

/** Nothing in it does anything to a terminal. `verbatim`: keys whose values are told as they are. */
function isShown(value: unknown, verbatim: readonly string[] = []): void {
  const shown = JSON.parse(JSON.stringify(value, (key, one) => (verbatim.includes(key) ? undefined : one)) ?? 'null')
  expect(textsIn(shown).filter(text => acting.test(text))).toEqual([])
}

function readOrRefused<T>(read: () => T, refusal: new (...of: never[]) => Error): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof refusal) return null
    throw error
  }
}
