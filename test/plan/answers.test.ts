import { describe, expect, it } from 'vitest'
import { type Answer, type AskedHost, compareAnswers, comparing } from '../../src/state/answers/same-answers.js'

type Said = string | Partial<Answer>

const answer = (said: Said): Answer => ({
  ...{ status: 200, headers: {}, body: '' },
  ...(typeof said === 'string' ? { body: said } : said),
})

/** A host with its answers, one after another. */
function host(name: string, ...said: readonly Said[]): AskedHost {
  return { name, own: [name], answers: said.map(answer), error: null }
}

const compare = (...hosts: readonly AskedHost[]) =>
  compareAnswers([{ text: 'GET /', hosts, ignored: { headers: ['x-pod'], lines: ['rendered by'] } }])

/** The differences in a line each. */
function told(...hosts: readonly AskedHost[]): readonly string[] {
  return compare(...hosts).differences.map(({ part, header, line, hosts, says, others, othersSay }) => {
    const where = header ?? (line === null ? part : `line ${line}`)
    return `${where}: ${hosts.join(' ')} ${says} / ${others.join(' ')} ${othersSay}`
  })
}

/** Two hosts, each with two answers. */
const two = (a1: Said, a2: Said, b1: Said, b2: Said) => told(host('web-1', a1, a2), host('web-2', b1, b2))
const header = (name: string, value: string): Said => ({ headers: { [name]: value } })

describe('answers that vary on one host', () => {
  it.each<[string, Said, Said, Said, Said]>([
    ['a nonce', 'nonce=a1b2 ok', 'nonce=c3d4 ok', 'nonce=e5f6 ok', 'nonce=0a0b ok'],
    ['in base64, with other signs each time', 'n="a+b/cc=="', 'n="dd/e=="', 'n="fgh"', 'n="i/j+k+l="'],
    ['a UUID', '9f8b-4c1d-a0b1', '1c2d-4e5f-b6a7', '77aa-4b11-8c9d', '0f0e-4d0c-9a0b'],
    ['the seconds of a time', 'at 14:05:33.120', 'at 14:05:34.560', 'at 14:05:33.311', 'at 14:05:34.900'],
    ['a time on both sides of a minute', 'at 14:05', 'at 14:06', 'at 14:06', 'at 14:06'],
    ['a counter', 'visitor 1017', 'visitor 1019', 'visitor 1018', 'visitor 1020'],
    ['a duration that is mostly the same', 'in 2 ms', 'in 1 ms', 'in 1 ms', 'in 1 ms'],
    ['a banner that comes and goes', 'a\n<b>Hi</b>\nb', 'a\nb', 'a\nb', 'a\nb'],
    ['a sentence', 'quote: to be or not', 'quote: all that glitters', 'quote: brevity is', 'quote: et tu'],
    ['all of it', 'abc', 'def', 'ghi', 'jkl'],
    [
      'a request id',
      header('x-request-id', 'aa-1'),
      header('x-request-id', 'bb-2'),
      header('x-request-id', 'cc-3'),
      header('x-request-id', 'dd-4'),
    ],
    [
      'the value of a cookie',
      header('set-cookie', 'sid=s%3Aab.c+d; Path=/; HttpOnly'),
      header('set-cookie', 'sid=s%3Aef.gh; Path=/; HttpOnly'),
      header('set-cookie', 'sid=s%3Aij.k/l; Path=/; HttpOnly'),
      header('set-cookie', 'sid=s%3Amn.op; Path=/; HttpOnly'),
    ],
    ['a header that comes and goes', header('x-cache', 'hit'), {}, {}, {}],
  ])('are alike but for %s', (_, a1, a2, b1, b2) => expect(two(a1, a2, b1, b2)).toEqual([]))

  it('may be of one status on one host, and of another the next time', () => {
    expect(two({ status: 200 }, { status: 429 }, { status: 429 }, { status: 429 })).toEqual([])
  })

  it('name a little that is compared where most of it is new each time', () => {
    const { differences, notes } = compare(host('web-1', 'x a1 b2', 'x c3 d4'), host('web-2', 'x e5 f6', 'x g7 h8'))
    expect([differences, notes]).toEqual([
      [],
      [{ text: 'GET /: most of the body is new in each answer of web-1 and web-2', missed: false, host: null }],
    ])
  })
})

describe('answers that differ between hosts', () => {
  it.each<[string, Said, Said, Said, Said, string]>([
    ['a text', 'a\nold\nb', 'a\nold\nb', 'a\nnew\nb', 'a\nnew\nb', 'line 2: web-2 new / web-1 old'],
    [
      'a stale cache',
      'price 12 at 10:00:01',
      'price 12 at 10:00:02',
      'price 10 at 10:00:01',
      'price 10 at 10:00:02',
      'line 1: web-2 price 10 at 10:00:01 / web-1 price 12 at 10:00:01',
    ],
    [
      'a time that stands still on one of them',
      'at 10:00:01',
      'at 10:00:02',
      'at 09:12:55',
      'at 09:12:55',
      'line 1: web-2 at 09:12:55 / web-1 at 10:00:01',
    ],
    [
      'another time zone',
      'at 14:05:33',
      'at 14:05:34',
      'at 16:05:33',
      'at 16:05:34',
      'line 1: web-2 at 16:05:33 / web-1 at 14:05:33',
    ],
    [
      'hours that are counted to twelve',
      'at 09:05:33',
      'at 09:05:34',
      'at 09:05:33 AM',
      'at 09:05:34 AM',
      'line 1: web-2 at 09:05:33 AM / web-1 at 09:05:33',
    ],
    [
      'another locale',
      '{"n":"a1","sum":"1.234,50"}',
      '{"n":"b2","sum":"1.234,50"}',
      '{"n":"c3","sum":"1,234.50"}',
      '{"n":"d4","sum":"1,234.50"}',
      'line 1: web-2 {"n":"c3","sum":"1,234.50"} / web-1 {"n":"a1","sum":"1.234,50"}',
    ],
    ['a line that one lacks', 'a\nb\nc', 'a\nb\nc', 'a\nc', 'a\nc', 'line 2: web-2 c / web-1 b'],
    ['nothing at all', 'a', 'a', '', '', 'line 1: web-2  / web-1 a'],
    ['an order', '[1,2]', '[1,2]', '[2,1]', '[2,1]', 'line 1: web-2 [2,1] / web-1 [1,2]'],
    [
      'a status',
      { status: 200, body: 'a' },
      { status: 200 },
      { status: 404 },
      { status: 404 },
      'status: web-2 404 / web-1 200',
    ],
    [
      'a header',
      header('cache-control', 'no-store'),
      header('cache-control', 'no-store'),
      header('cache-control', 'max-age=60'),
      header('cache-control', 'max-age=60'),
      'cache-control: web-2 max-age=60 / web-1 no-store',
    ],
    [
      'a redirect: it is compared as it is',
      { status: 302, headers: { location: '/login' } },
      { status: 302, headers: { location: '/login' } },
      { status: 302, headers: { location: '/setup' } },
      { status: 302, headers: { location: '/setup' } },
      'location: web-2 /setup / web-1 /login',
    ],
    [
      'a header that one lacks',
      header('content-language', 'en'),
      header('content-language', 'en'),
      {},
      {},
      'content-language: web-2  / web-1 en',
    ],
    [
      'the name of a cookie',
      header('set-cookie', 'a=1'),
      header('set-cookie', 'a=2'),
      header('set-cookie', 'b=3'),
      header('set-cookie', 'b=4'),
      'set-cookie: web-2 b=3 / web-1 a=1',
    ],
  ])('are told: %s', (_, a1, a2, b1, b2, expected) => expect(two(a1, a2, b1, b2)).toEqual([expected]))

  it('are told of each part: headers, and the first line of the body', () => {
    const one = { headers: { a: '1', b: '1' }, body: 'x\ny' }
    const other = { headers: { a: '2', b: '2' }, body: 'X\nY' }
    expect(two(one, one, other, other)).toEqual([
      'a: web-2 2 / web-1 1',
      'b: web-2 2 / web-1 1',
      'line 1: web-2 X / web-1 x',
    ])
  })

  it('are told of the fewer hosts, each group that answers alike together', () => {
    const hosts = ['b', 'a', 'a', 'c', 'b', 'a'].map((body, i) => host(`h${i + 1}`, body, body))
    expect(told(...hosts)).toEqual(['line 1: h1 h5 b / h2 h3 h6 a', 'line 1: h4 c / h2 h3 h6 a'])
  })

  it('are told of each host where all of them differ, whatever their number', () => {
    const hosts = Array.from({ length: 12 }, (_, i) => host(`h${i}`, `a${i}b`, `a${i}b`))
    expect(told(...hosts)).toHaveLength(11)
  })

  it('are compared in steps: whoever compares has turns in between', () => {
    const hosts = ['a', 'a', 'b'].map((body, i) => host(`h${i}`, body, body))
    const steps = comparing([{ text: 'GET /', hosts, ignored: { headers: [], lines: [] } }])
    const each = Array.from({ length: 7 }, () => steps.next())
    expect(each.map(({ done }) => done)).toEqual([...Array(6).fill(false), true])
    expect(each.at(-1)?.value).toEqual(compare(...hosts))
  })

  it('are told in a few words, of a long line what is around the difference, and escaped', () => {
    const long = (word: string) => `${'x '.repeat(500)}${word}\u001b[2J${' y'.repeat(500)}`
    const [{ says = '' } = {}] = compare(host('web-1', long('old')), host('web-2', long('new'))).differences
    expect(says).toMatch(/^…[x ]+new\\x1b\[2J[y ]+…$/)
    expect(says.length).toBeLessThan(140)
  })
})

describe('what says nothing of what a user gets', () => {
  it.each(['age', 'date', 'etag', 'last-modified', 'content-length', 'server-timing', 'x-pod'])('%s', name => {
    expect(two(header(name, 'a'), header(name, 'a'), header(name, 'b'), header(name, 'b'))).toEqual([])
  })

  it('a line that is passed over', () => {
    expect(two('a\nrendered by x\nb', 'a\nrendered by x\nb', 'a\nb', 'a\nb')).toEqual([])
  })

  it.each<[string, Said, Said]>([
    ['its name', 'served by web-1', 'served by web-2'],
    ['its name in a header', header('x-host', 'web-1'), header('x-host', 'web-2')],
    ['its name and what varies', 'web-1', 'web-2'],
  ])('a host that is named in its own answer: %s', (_, a, b) => expect(two(a, a, b, b)).toEqual([]))

  it.each([
    ['the other host', 'served by web-1', 'served by web-9', 'line 1: web-2 served by web-9 / web-1 served by web-1'],
    ['none', 'served by web-1', 'served by nobody', 'line 1: web-2 served by nobody / web-1 served by web-1'],
  ])('but not one that names %s', (_, a, b, expected) => expect(two(a, a, b, b)).toEqual([expected]))

  it('an address that each is asked at', () => {
    const asked = (name: string, own: string): AskedHost => ({
      ...host(name, header('location', `http://${own}/login`)),
      own: [name, own],
    })
    expect(told(asked('a', '127.0.0.1:3001'), asked('b', '10.0.0.2:3000'))).toEqual([])
  })
})

describe('what could not be compared', () => {
  const notes = (...hosts: readonly AskedHost[]) =>
    compare(...hosts).notes.map(({ text, missed }) => `${missed ? 'missed' : 'note'}: ${text}`)

  it('a host that gave no answer', () => {
    const silent = { ...host('web-3'), error: 'connection refused' }
    expect(notes(host('web-1', 'a'), host('web-2', 'a'), silent)).toEqual(['missed: web-3: GET /: connection refused'])
  })

  it('a host that is out of order, always or once', () => {
    const bad = { status: 503, body: 'x' }
    expect(notes(host('web-1', 'a', 'a'), host('web-2', bad, 'a'), host('web-3', bad, bad))).toEqual([
      'missed: web-2: GET / was answered 503, 1 of 2 times',
      'missed: web-3: GET / was answered 503',
    ])
  })

  it('one host alone', () => {
    expect(notes(host('web-1', 'a'))).toEqual(['note: GET / was compared with no other host: one host answered'])
  })

  it('a page that no host has: it may be the wrong address', () => {
    const none = { status: 404, body: 'none' }
    expect(notes(host('web-1', none), host('web-2', none))).toEqual(['note: GET / is answered 404 by every host'])
  })

  it('a page that leads to another: that one was not asked for', () => {
    const on = { status: 302, headers: { location: '/login' } }
    expect(notes(host('web-1', on), host('web-2', on))).toEqual([
      'note: GET / is answered 302 by every host, and leads to /login: that page was not asked for',
    ])
    expect(notes(host('web-1', { status: 304 }), host('web-2', { status: 304 }))).toEqual([
      'note: GET / is answered 304 by every host',
    ])
  })
})
