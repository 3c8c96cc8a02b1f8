import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { LostError, TimeoutError } from '../../src/connection/errors.js'
import { connectOpenssh } from '../../src/connection/openssh/openssh.js'
import { LEAVE } from '../../src/connection/shell/request.js'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { exhaustively } from '../support/exhaustively.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

const TIMEOUT = { timeout: 900_000 }

const local = {
  name: 'this machine',
  here: true,
  start: async () => {
    const host = { name: 'h1', host: 'localhost', roles: [], deployTo: '/tmp', env: {} }
    return { connect: () => connectLocal(host, TIMEOUT), stop: async () => {} }
  },
}
const ssh = {
  name: 'ssh',
  here: sshdIsHere(),
  start: async () => {
    const fleet: TestFleet = await startFleet({ hosts: 1 })
    const connect = connectSsh({ configFile: fleet.sshConfigFile, connectTimeout: 300_000, concurrency: 32 })
    return { connect: () => connect(fleet.host(1), TIMEOUT), stop: fleet.stop }
  },
}

const openssh = {
  name: 'the system’s ssh',
  here: sshdIsHere(),
  start: async () => {
    const fleet: TestFleet = await startFleet({ hosts: 1 })
    const connect = connectOpenssh({ configFile: fleet.sshConfigFile, connectTimeout: 300_000, concurrency: 32 })
    return { connect: () => connect(fleet.host(1), TIMEOUT), stop: fleet.stop }
  },
}

for (const transport of [local, ssh, openssh]) {
  /** What the shell does, whichever the transport: every day over one of them. */
  const once = transport === local ? it : exhaustively
  describe.skipIf(!transport.here)(`a connection over ${transport.name}`, () => {
    let world: { connect: () => Promise<Connection>; stop: () => Promise<void> }
    let connection: Connection
    let dir: string

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'clonedeploy-contract-'))
      world = await transport.start()
      connection = await world.connect()
    })
    afterAll(async () => {
      connection.close()
      await world.stop()
      rmSync(dir, { recursive: true, force: true })
    })

    /** What runs on until the tests are over: whoever waits for it waits longer than a test may take. */
    const untilTheEnd = () => `while [ -d '${dir}' ]; do sleep 0.2; done`

    const run = async (text: string, input?: Uint8Array, timeout = TIMEOUT.timeout) => {
      const result = await connection.run(new Script('test', text, input), { timeout })
      return { ...result, out: result.stdout.toString(), err: result.stderr.toString() }
    }

    it('is there, with what it says of the host, before a script is sent to its shell', async () => {
      const fresh = await world.connect()
      expect(fresh.bytesSent()).toBe(LEAVE.length)
      await fresh.run(new Script('test', 'echo anything'), TIMEOUT)
      expect(fresh.bytesSent()).toBeGreaterThan(LEAVE.length)
      fresh.close()
    })

    it.each([
      { says: 'nothing', text: '', out: '', err: '', code: 0 },
      { says: 'both streams apart', text: 'echo out; echo err >&2', out: 'out\n', err: 'err\n', code: 0 },
      { says: 'the exit code', text: 'exit 3', out: '', err: '', code: 3 },
      { says: 'the exit code of the last command', text: 'true\nfalse', out: '', err: '', code: 1 },
      { says: 'output without a last newline', text: "printf '%s' a", out: 'a', err: '', code: 0 },
      { says: 'output that ends in empty lines', text: "printf 'a\\n\\n\\n'", out: 'a\n\n\n', err: '', code: 0 },
      { says: 'a script that ends in a comment', text: 'echo a # the end', out: 'a\n', err: '', code: 0 },
      { says: 'a here-document', text: 'cat <<X\none\n  two\nX', out: 'one\n  two\n', err: '', code: 0 },
      {
        says: 'backslashes',
        text: `printf '%s|' 'a\\nb' '\\\\' '\\0101' '%b'`,
        out: 'a\\nb|\\\\|\\0101|%b|',
        err: '',
        code: 0,
      },
      { says: 'every kind of letter', text: "echo 'é Á ā 日本 🚀'", out: 'é Á ā 日本 🚀\n', err: '', code: 0 },
      { says: 'tabs and carriage returns', text: "printf '%s' 'a\tb\rc'", out: 'a\tb\rc', err: '', code: 0 },
      { says: 'an empty stdin', text: 'wc -c | tr -d " "', out: '0\n', err: '', code: 0 },
      { says: 'set -eu inside of it', text: 'set -eu\nfalse\necho never', out: '', err: '', code: 1 },
    ])('runs a script and gives $says', async ({ text, out, err, code }) => {
      expect(await run(text)).toMatchObject({ out, err, code, lost: null, signal: null })
    })

    it('keeps nothing of a script for the next one', async () => {
      await run('cd /; X=1; set -f; trap "echo trapped" 0')
      expect((await run('echo "[$X]"')).out).toBe('[]\n')
    })

    describe('is told of scripts that follow', () => {
      const odd = `'it'"'"'s' "é 日本" 'a\\nb' '$x' # ${randomBytes(2000).toString('hex')}`
      const follows = new Script('follows', `wc -c | tr -d ' '; printf '%s|' ${odd}\nexit 3`)
      const answer = "0\nit's|é 日本|a\\nb|$x|"
      const announce = () => connection.run(new Script('first', 'echo first'), { ...TIMEOUT, next: [follows] })

      it('and is not sent them again', async () => {
        expect((await announce()).stdout.toString()).toBe('first\n')
        const before = connection.bytesSent()
        for (let i = 0; i < 2; i += 1) {
          const { code, stdout } = await connection.run(follows, TIMEOUT)
          expect({ code, out: stdout.toString() }).toEqual({ code: 3, out: answer })
        }
        expect(connection.bytesSent() - before).toBeLessThan(1000)
        await announce()
        expect(connection.bytesSent() - before).toBeLessThan(1500)
      })

      it('and runs them where they were not told of, too', async () => {
        await announce()
        const waiting = connection.open(new Script('wait', 'echo here; IFS= read -r line'), TIMEOUT)
        expect(await waiting.line(TIMEOUT.timeout)).toBe('here')
        const { code, stdout } = await connection.run(follows, TIMEOUT)
        expect({ code, out: stdout.toString() }).toEqual({ code: 3, out: answer })
        waiting.send('end')
        expect((await waiting.result).code).toBe(0)
      })

      it('and reads our lines to them', async () => {
        const asks = new Script(
          'asks',
          `IFS= read -r line; echo "got $line"; exit 4 # ${randomBytes(2000).toString('hex')}`,
        )
        await connection.run(new Script('first', ':'), { ...TIMEOUT, next: [asks] })
        const before = connection.bytesSent()
        const waiting = connection.open(asks, TIMEOUT)
        waiting.send('go now')
        expect(await waiting.line(TIMEOUT.timeout)).toBe('got go now')
        expect((await waiting.result).code).toBe(4)
        expect(connection.bytesSent() - before).toBeLessThan(600)
      })
    })

    it('puts nothing of a script on a command line', async () => {
      const found = await run(
        `secret='canary''-4711'; tr '\\0' ' ' </proc/$$/cmdline; ps -ef 2>/dev/null | grep 'canary''-[0-9]'`,
      )
      expect(found.out).toContain('while IFS= read -r l')
      expect(found.out).not.toContain('4711')
    })

    it('gives a script exactly its input, all 5 MB of it', async () => {
      const input = randomBytes(5_000_000)
      const sent: number[] = []
      const script = new Script('test', 'cat', input)
      const result = await connection.run(script, { ...TIMEOUT, onSent: bytes => sent.push(bytes) })
      expect(result.code).toBe(0)
      expect(result.stdout.equals(input)).toBe(true)
      expect(sent.at(-1)).toBe(5_000_000)
      expect(sent).toEqual([...sent].sort((a, b) => a - b))
    })

    it('never runs input that the script left unread', async () => {
      const trap = join(dir, 'evaluated')
      const input = Buffer.from(`touch ${trap}\n`.repeat(50_000))
      expect((await run('exit 7', input)).code).toBe(7)
      expect((await run('head -c 5 >/dev/null; echo done', input)).out).toBe('done\n')
      expect((await run('exec </dev/null; echo closed', input)).out).toBe('closed\n')
      expect((await run('echo next')).out).toBe('next\n')
      expect(existsSync(trap)).toBe(false)
    })

    it('takes input without a last newline, and the next script runs', async () => {
      expect((await run('cat', Buffer.from('half a line'))).out).toBe('half a line')
      expect((await run('echo next')).out).toBe('next\n')
    })

    it('runs on after a script with input was killed', async () => {
      const result = await run("sh -c 'kill -9 $PPID'", Buffer.alloc(3_000_000, 'touch /tmp/never\n'))
      expect(result.code).not.toBe(0)
      expect((await run('echo next')).out).toBe('next\n')
    })

    it('ends a script whose background child keeps the output open', async () => {
      const result = await run(`${untilTheEnd()} & echo started`)
      expect(result).toMatchObject({ code: 0, out: 'started\n' })
    })

    once('shows 100 MB of output as it comes and keeps the last 8 MiB', async () => {
      let seen = 0
      const script = new Script(
        'test',
        'head -c 100000000 /dev/zero; echo the end; head -c 3000000 /dev/zero >&2; echo last >&2',
      )
      const onOutput = (stream: string, chunk: Buffer) => {
        if (stream === 'stdout') seen += chunk.length
      }
      const result = await connection.run(script, { ...TIMEOUT, endless: true, onOutput })
      expect(result.code).toBe(0)
      expect(seen).toBe(100_000_008)
      expect(result.stdout.length).toBe(8 << 20)
      expect(result.stdout.subarray(-9).toString()).toBe('\0the end\n')
      expect(result.stderr.length).toBe(1 << 20)
      expect(result.stderr.subarray(-6).toString()).toBe('\0last\n')
    })

    it('shows output while the script still runs', async () => {
      const file = join(dir, 'go')
      const script = new Script('test', `echo first; until [ -e ${file} ]; do sleep 0.02; done; echo second`)
      const chunks: string[] = []
      const result = await connection.run(script, {
        ...TIMEOUT,
        onOutput: (_, chunk) => {
          chunks.push(chunk.toString())
          if (chunks.length === 1) run(`touch ${file}`)
        },
      })
      expect(chunks).toEqual(['first\n', 'second\n'])
      expect(result.stdout.toString()).toBe('first\nsecond\n')
    })

    it('does not know how a script ended whose shell was killed', async () => {
      const result = await run('echo before; kill -9 $$')
      expect(result).toMatchObject({ code: null, signal: 'SIGKILL', out: 'before\n' })
      expect(result.lost).toBeInstanceOf(LostError)
      expect(result.lost?.message).toBe('the shell on h1 was killed by SIGKILL')
      expect((await run('echo again')).out).toBe('again\n')
    })

    it('does not know how a script ended whose shell was killed beside a child that holds the output', async () => {
      const result = await run(`${untilTheEnd()} & kill -9 $$`)
      expect(result).toMatchObject({ code: null, signal: 'SIGKILL' })
    })

    it('tells a syntax error, and is usable afterwards', async () => {
      const result = await run('echo "$( ; if')
      expect(result.code).not.toBe(0)
      expect(result.err).toMatch(/syntax error/i)
      expect((await run('echo again')).out).toBe('again\n')
    })

    it('gives up a script that takes too long, and is usable afterwards', async () => {
      const result = await run(`echo started; ${untilTheEnd()}`, undefined, 500)
      expect(result).toMatchObject({ code: null, out: 'started\n' })
      expect(result.lost).toBeInstanceOf(TimeoutError)
      expect(result.lost?.message).toBe('test on h1 did not end in 0.5 s')
      expect((await run('echo again')).out).toBe('again\n')
    })

    it('counts what a script waits for a channel as its time, and says all of it', async () => {
      const others = Array.from({ length: 4 }, () => run('sleep 0.4'))
      const result = await run(untilTheEnd(), undefined, 800)
      expect(result.lost?.message).toBe('test on h1 did not end in 0.8 s')
      await Promise.all(others)
    })

    once.each([
      ['says nothing', 'cat >/dev/null; exec sleep 60', 1000],
      ['takes no more of its input', 'exec sleep 60', 5_000_000],
    ])('gives up a script that %s, and not one that goes on', async (_, text, bytes) => {
      const script = new Script('stuck', text, Buffer.alloc(bytes))
      const stuck = await connection.run(script, { ...TIMEOUT, stall: 500 })
      expect(stuck).toMatchObject({ code: null, lost: expect.any(TimeoutError) })
      expect(stuck.lost?.message).toMatch(/^stuck on .* made no progress for 0.5 s$/)
      const goesOn = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.2; echo >&2; done'
      expect((await connection.run(new Script('goes on', goesOn), { ...TIMEOUT, stall: 2000 })).code).toBe(0)
    })

    once('gives up no program of a user that says nothing', async () => {
      const silent = await connection.run(new Script('silent', 'sleep 1'), { ...TIMEOUT, stall: 200, endless: true })
      expect(silent.code).toBe(0)
    })

    it('can wait without end', async () => {
      const forever = { timeout: Number.POSITIVE_INFINITY }
      const script = new Script('test', 'read -r word; sleep 0.05; echo "$word"')
      const waiting = connection.open(script, forever)
      waiting.send('patience')
      expect(await waiting.line(forever.timeout)).toBe('patience')
      expect(await connection.run(new Script('test', 'sleep 0.05; exit 4'), forever)).toMatchObject({ code: 4 })
    })

    it('runs several scripts at once, and more than it has channels', async () => {
      const all = await Promise.all(Array.from({ length: 10 }, (_, n) => run(`sleep 0.1; echo ${n}; exit ${n}`)))
      expect(all.map(each => [each.out, each.code])).toEqual(Array.from({ length: 10 }, (_, n) => [`${n}\n`, n]))
    })

    it('talks with a script that waits', async () => {
      const script = new Script(
        'arm',
        'echo armed; read -r word; echo "got $word"; read -r word; echo "then $word"; exit 5',
      )
      const waiting = connection.open(script, TIMEOUT)
      expect(await waiting.line(TIMEOUT.timeout)).toBe('armed')
      expect(await waiting.line(50)).toBe(null)
      waiting.send('go')
      expect(await waiting.line(TIMEOUT.timeout)).toBe('got go')
      waiting.send('on')
      expect(await waiting.line(TIMEOUT.timeout)).toBe('then on')
      expect(await waiting.line(TIMEOUT.timeout)).toBe(null)
      expect(await waiting.result).toMatchObject({ code: 5, lost: null })
      waiting.send('too late')
      expect((await run('echo next')).out).toBe('next\n')
    })

    it('keeps lines that were sent before the script read them', async () => {
      const waiting = connection.open(new Script('arm', 'read -r a; read -r b; printf %s "$b$a"'), TIMEOUT)
      waiting.send('1')
      waiting.send('2')
      expect(await waiting.line(TIMEOUT.timeout)).toBe('21')
      expect(await waiting.result).toMatchObject({ code: 0 })
    })

    it('tells a waiting script that was given up from one that ended', async () => {
      const waiting = connection.open(new Script('arm', 'read -r word'), { timeout: 300 })
      expect(await waiting.line(TIMEOUT.timeout)).toBe(null)
      expect((await waiting.result).lost?.message).toBe('arm on h1 did not end in 0.3 s')
    })

    it('ends the stdin of a waiting script when the connection is closed', async () => {
      const mark = join(dir, 'end-of-input')
      const other = await world.connect()
      const waiting = other.open(new Script('arm', `echo armed; read -r word || touch ${mark}`), TIMEOUT)
      expect(await waiting.line(TIMEOUT.timeout)).toBe('armed')
      other.close()
      expect(await other.closed).toBe(null)
      expect(await waiting.line(TIMEOUT.timeout)).toBe(null)
      expect((await waiting.result).code).toBe(null)
      expect((await run(`until [ -e ${mark} ]; do sleep 0.02; done`)).code).toBe(0)
    })

    it('measures the round trip and counts bytes', async () => {
      const before = { sent: connection.bytesSent(), received: connection.bytesReceived() }
      await run('cat >/dev/null; head -c 20000 /dev/zero', Buffer.alloc(10_000))
      expect(connection.bytesSent() - before.sent).toBeGreaterThan(10_000)
      expect(connection.bytesReceived() - before.received).toBeGreaterThan(20_000)
      expect(connection.rtt()).toBeGreaterThan(0)
      expect(connection.rtt()).toBeLessThan(1_000)
    })

    describe('forwards', () => {
      const greeting = (server: Server) => server.on('connection', socket => socket.end('hello from the other side'))
      const text = async (stream: AsyncIterable<Buffer>) => {
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(chunk)
        return Buffer.concat(chunks).toString()
      }

      it('to a port', async () => {
        const server = greeting(createServer())
        await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
        const { port } = server.address() as { port: number }
        const stream = await connection.forward({ host: '127.0.0.1', port })
        expect(await text(stream)).toBe('hello from the other side')
        stream.destroy()
        server.close()
        await expect(connection.forward({ host: '127.0.0.1', port })).rejects.toThrow()
      })

      it('to a unix socket', async () => {
        const socket = join(dir, 'admin.sock')
        const server = greeting(createServer())
        await new Promise<void>(resolve => server.listen(socket, resolve))
        const stream = await connection.forward({ socket })
        expect(await text(stream)).toBe('hello from the other side')
        stream.destroy()
        server.close()
        await expect(connection.forward({ socket: join(dir, 'none.sock') })).rejects.toThrow()
      })
    })

    it('settles everything that is under way when it is closed', async () => {
      const other = await world.connect()
      const running = other.run(new Script('test', `echo started; ${untilTheEnd()}`), TIMEOUT)
      await other.run(new Script('test', ':'), TIMEOUT)
      other.close()
      expect(await running).toMatchObject({ code: null })
      expect(await other.run(new Script('test', ':'), TIMEOUT)).toMatchObject({ code: null })
    })
  })
}
