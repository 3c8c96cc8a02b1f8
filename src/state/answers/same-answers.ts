import { escapeLine } from '../../text/escape.js'
import { counted, listed } from '../../text/phrases.js'
import { differsAt, freeShare, type Heard, heardIn, lineAround } from './answer-words.js'

/** What a host answered by HTTP. Names of headers are in lower case. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A host that was asked for an address several times. */
export interface AskedHost {
  readonly name: string
  /** How the host is called, and the address that it was asked at: what each host says of itself. */
  readonly own: readonly string[]
  readonly answers: readonly Answer[]
  /** Why there was none, the last time that there was none; null: there always was. */
  readonly error: string | null
}

/** An address, as messages name it, and the hosts that were asked for it. */
export interface Asked {
  readonly text: string
  readonly hosts: readonly AskedHost[]
  /** What is not compared: headers, in lower case, and lines of the body that hold such a text. */
  readonly ignored: { readonly headers: readonly string[]; readonly lines: readonly string[] }
}

/** Where answers of hosts differ. Texts are fit to be shown. */
export interface Difference {
  /** `GET /`. */
  readonly request: string
  readonly part: 'status' | 'header' | 'body'
  /** Of a header, its name. */
  readonly header: string | null
  /** Of the body, the line, from 1. */
  readonly line: number | null
  /** These hosts say something else than most of the others do. */
  readonly hosts: readonly string[]
  readonly says: string
  readonly others: readonly string[]
  readonly othersSay: string
}

/** What could not be compared. */
export interface AnswerNote {
  readonly text: string
  /** Nobody may say that the hosts answer alike. */
  readonly missed: boolean
  /** The host that never gave an answer that is fit to be compared; null: it is about something else. */
  readonly host: string | null
}

export interface Compared {
  readonly differences: readonly Difference[]
  readonly notes: readonly AnswerNote[]
}

/**
 * What hosts answer differently: what one of them answers in another way the next time does not count, nor what it is called
 * itself. Hosts differ where no answer of one is like any answer of the other.
 */
export function compareAnswers(asked: readonly Asked[]): Compared {
  const steps = comparing(asked)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same host by host: many big answers take seconds, in which whoever compares may have more to do. */
export function* comparing(asked: readonly Asked[]): Generator<undefined, Compared, undefined> {
  const compared: Compared[] = []
  for (const one of asked) compared.push(yield* compareOne(one))
  return {
    differences: compared.flatMap(({ differences }) => differences),
    notes: compared.flatMap(({ notes }) => notes),
  }
}

function* compareOne({ text, hosts, ignored }: Asked): Generator<undefined, Compared, undefined> {
  const silent = hosts.filter(({ error }) => error !== null)
  const broken = hosts.filter(({ answers }) => answers.some(({ status }) => status >= 500))
  const fit = hosts.filter(({ answers }) => answers.some(isFit))
  const heard: HeardHost[] = []
  for (const host of fit) {
    yield
    heard.push(hear(host, ignored))
  }
  const differences = yield* differencesIn(text, heard)
  const idle = differences.length > 0 ? null : idleAnswer(fit)
  return {
    differences,
    notes: [
      ...silent.map(host => missed(host, `${text}: ${escapeLine(host.error ?? '', 200)}`)),
      ...broken.map(host => missed(host, `${text} was answered ${timesBroken(host.answers)}`)),
      ...(fit.length === 1 ? [note(`${text} was compared with no other host: one host answered`)] : []),
      ...(idle === null ? [] : [note(`${text} is answered ${idle}`)]),
      ...varying(text, heard),
    ],
  }
}

/** An app that is out of order says nothing of what it serves. */
function isFit({ status }: Answer): boolean {
  return status < 500
}

function timesBroken(answers: readonly Answer[]): string {
  const bad = answers.filter(one => !isFit(one))
  const often = bad.length === answers.length ? '' : `, ${bad.length} of ${counted(answers.length, 'time')}`
  return `${[...new Set(bad.map(({ status }) => status))].join(' and ')}${often}`
}

/** Where all hosts lack the page, or send on to another, it may be the wrong address: there is no page to compare. */
function idleAnswer(hosts: readonly AskedHost[]): string | null {
  const answers = hosts.flatMap(one => one.answers)
  const statuses = new Set(answers.map(({ status }) => status))
  const [status = 0] = statuses
  if (statuses.size !== 1 || status < 300) return null
  const to = answers[0]?.headers.location
  if (status >= 400 || to === undefined) return `${status} by every host`
  return `${status} by every host, and leads to ${escapeLine(to, 200)}: that page was not asked for`
}

/** Where most of a page is new each time, little of it was compared. */
function varying(text: string, heard: readonly HeardHost[]): Compared['notes'] {
  const names = heard.filter(({ body }) => body.some(one => freeShare(one) > 0.5)).map(({ name }) => name)
  return names.length === 0 ? [] : [note(`${text}: most of the body is new in each answer of ${listed(names)}`)]
}

function missed({ name, answers }: AskedHost, text: string): AnswerNote {
  return { text: `${name}: ${text}`, missed: true, host: answers.some(isFit) ? null : name }
}

function note(text: string): AnswerNote {
  return { text, missed: false, host: null }
}

/** What a host said, by the parts of its answers that are compared. */
interface HeardHost {
  readonly name: string
  readonly statuses: readonly number[]
  readonly headers: ReadonlyMap<string, readonly Heard[]>
  readonly body: readonly Heard[]
}

/**
 * They are of the connection, or say when and how an answer was made, not what a user gets: `etag` and `last-modified` are
 * names of a body, and that is compared itself.
 */
const ofTheConnection: readonly string[] = [
  ...['age', 'connection', 'content-length', 'date', 'etag', 'keep-alive', 'last-modified'],
  ...['server-timing', 'transfer-encoding', 'via'],
]

function hear({ name, own, answers: all }: AskedHost, ignored: Asked['ignored']): HeardHost {
  const answers = all.filter(isFit)
  const names = new Set(answers.flatMap(({ headers }) => Object.keys(headers)))
  const compared = [...names].filter(one => !ofTheConnection.includes(one) && !ignored.headers.includes(one))
  return {
    name,
    statuses: answers.map(({ status }) => status),
    headers: new Map(
      compared.map(one => [
        one,
        heardIn(
          answers.map(({ headers }) => headers[one] ?? ''),
          own,
        ),
      ]),
    ),
    body: heardIn(
      answers.map(({ body }) => withoutLines(body, ignored.lines)),
      own,
    ),
  }
}

function withoutLines(body: string, texts: readonly string[]): string {
  if (texts.length === 0) return body
  const lines = body.split('\n')
  return lines.filter(line => !texts.some(text => line.includes(text))).join('\n')
}

/** Where there are more, a host that is like none of the first is not compared with the others. */
const mostGroups = 8

/** Those that answer alike are one group; each other group is told beside the biggest one. */
function* differencesIn(
  request: string,
  hosts: readonly HeardHost[],
): Generator<undefined, readonly Difference[], undefined> {
  const groups: HeardHost[][] = []
  for (const host of hosts) {
    const alike = yield* groupOf(host, groups)
    if (alike === null) groups.push([host])
    else alike.push(host)
  }
  const most = groups.reduce((best, one) => (one.length > best.length ? one : best), groups[0] ?? [])
  const others = most.map(({ name }) => name)
  const found: Difference[] = []
  for (const group of groups) {
    const [[first], [other]] = [most, group]
    if (group === most || first === undefined || other === undefined) continue
    yield
    const names = { hosts: group.map(({ name }) => name), others }
    found.push(...differing(first, other).map(place => ({ request, ...place, ...names })))
  }
  return found
}

/** Null: the host answers like none of them. */
function* groupOf(host: HeardHost, groups: HeardHost[][]): Generator<undefined, HeardHost[] | null, undefined> {
  for (const group of groups.slice(0, mostGroups)) {
    yield
    if (group[0] !== undefined && differing(group[0], host).length === 0) return group
  }
  return null
}

type Place = Omit<Difference, 'request' | 'hosts' | 'others'>

/** Headers that are told of one group of hosts. */
const mostHeaders = 5

/** In what the answers of the second host are never like those of the first. */
function differing(first: HeardHost, second: HeardHost): readonly Place[] {
  const [status = 0, other = 0] = [first.statuses[0], second.statuses[0]]
  if (first.statuses.every(one => !second.statuses.includes(one)))
    return [{ part: 'status', header: null, line: null, says: `${other}`, othersSay: `${status}` }]
  const names = [...new Set([...first.headers.keys(), ...second.headers.keys()])].sort()
  const headers = names.flatMap(name => {
    const place = placeIn(first.headers.get(name) ?? silence(first), second.headers.get(name) ?? silence(second))
    return place === null ? [] : [{ part: 'header' as const, header: escapeLine(name, 100), ...place, line: null }]
  })
  const body = placeIn(first.body, second.body)
  return [
    ...headers.slice(0, mostHeaders),
    ...(body === null ? [] : [{ part: 'body' as const, header: null, ...body }]),
  ]
}

/** A header that a host never sends. */
function silence({ statuses }: HeardHost): readonly Heard[] {
  return statuses.map(() => ({ words: [], free: [] }))
}

function placeIn(first: readonly Heard[], second: readonly Heard[]): Pick<Place, 'line' | 'says' | 'othersSay'> | null {
  if (first.some(a => second.some(b => differsAt(a, b) === null))) return null
  const [a, b] = [first[0], second[0]]
  const at = a === undefined || b === undefined ? null : differsAt(a, b)
  if (a === undefined || b === undefined || at === null) return null
  const says = lineAround(b.words, at.b.from)
  return { line: says.line, says: says.text, othersSay: lineAround(a.words, at.a.from).text }
}
