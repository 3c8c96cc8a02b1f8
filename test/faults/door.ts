import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askSocket } from '../support/haproxy.js'

/** A socket in front of HAProxy's own, at which its answers can be lost. */
export interface Door {
  readonly socket: string
  /** From now on everything goes through. */
  readonly open: () => void
  /** At the first line like this the connection is lost, before HAProxy hears it or after it has done it; and every other one from then on, or none. */
  readonly lose: (line: RegExp, when: 'before' | 'after', lasts: 'for a moment' | 'for good') => void
  /** Lines like this are answered so, and HAProxy does not hear them. */
  readonly refuse: (line: RegExp, answer?: string) => void
  /** Whether it came to that. */
  readonly lost: () => boolean
  readonly remove: () => void
}

export async function doorTo(haproxy: string): Promise<Door> {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-door-'))
  const socket = join(dir, 'admin.sock')
  const nothing = { line: null as RegExp | null, isBefore: false, isForGood: false, lost: false, answer: '' }
  const state = { ...nothing }
  const through = async (visitor: Socket) => {
    const line = await lineOf(visitor)
    if (state.lost && state.isForGood) return visitor.destroy()
    if (state.answer !== '' && state.line?.test(line)) return visitor.end(state.answer)
    const isIt = !state.lost && state.line?.test(line) === true
    if (isIt) state.lost = true
    if (isIt && state.isBefore) return visitor.destroy()
    const answer = await askSocket(haproxy, line.trimEnd())
    return isIt ? visitor.destroy() : visitor.end(answer)
  }
  const server = createServer(visitor => {
    visitor.on('error', () => {})
    through(visitor).catch(() => visitor.destroy())
  })
  await new Promise<void>(resolve => server.listen(socket, resolve))
  return {
    socket,
    open: () => Object.assign(state, nothing),
    lose: (line, when, lasts) =>
      Object.assign(state, nothing, { line, isBefore: when === 'before', isForGood: lasts === 'for good' }),
    refuse: (line, answer = 'No such server.\n\n') => Object.assign(state, nothing, { line, answer }),
    lost: () => state.lost,
    remove() {
      server.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function lineOf(visitor: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    visitor.setEncoding('utf8').on('data', chunk => {
      text += chunk
      if (text.includes('\n')) resolve(text)
    })
    visitor.once('close', () => reject(new Error('the visitor has gone')))
  })
}
