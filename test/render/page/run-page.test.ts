import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { runPage } from '../../../src/render/page/run-page.js'
import { type Story, storyOf, type Timed } from '../../../src/render/page/story.js'
import { evil } from '../../support/evil.js'
import { deployed, endOf, hostEnd, killed, namesOf, newer, older, putBack, refused, stopped, writing } from './runs.js'

const pageOf = (events: readonly Timed[]) =>
  runPage(storyOf(events) as Story, { run: '20261123-183045-deploy', version: '1.2.3' })

/** What a reader sees of it. */
const textOf = (page: string) =>
  page
    .replace(/<style>.*?<\/style>|<title>.*?<\/title>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')

const mixed = () => {
  const run = writing(['web-1', 'web-2'])
  const lost = {
    phase: 'rollback',
    step: 'restore',
    message: 'lost (keepalive timeout)',
    hint: null,
    output: [],
  } as const
  const hosts = [hostEnd('web-1', older), hostEnd('web-2', newer, lost)]
  const next = ['fix: clonedeploy repair']
  const reason = 'web-2: lost (keepalive timeout)'
  run.at(900, {
    type: 'run.end',
    end: endOf(['web-1', 'web-2'], { result: 'mixed', exitCode: 6, hosts, next, reason }),
  })
  return run.events()
}

const unchanged = () => {
  const run = writing(namesOf(2))
  run.at(900, { type: 'run.end', end: endOf(namesOf(2), { result: 'unchanged', swapWindowMs: null, next: [] }) })
  return run.events()
}

describe('a page', () => {
  it.each([
    ['a deploy', deployed(3), ['Deployed', `Deployed ${newer} to 3 hosts in 31s.`, 'swap', 'Swap window 3 ms']],
    ['one to one host', deployed(1), [`Deployed ${newer} to 1 host in 31s.`]],
    [
      'one that was put back',
      putBack(3),
      [
        'Put back',
        `Deploy failed on web-3. All 3 hosts serve ${older} again (verified).`,
        'web-3 health GET http://127.0.0.1:3000/healthz → 500, 10 tries in 12s',
        "Error: Cannot find module './routes/cart.js'",
        'The app’s log, journalctl -u shop: shop: listening on 8080',
        `look: clonedeploy logs web-3 --release ${newer}`,
        'health: web-3 was last, 12s after the first host.',
        'Warnings .env was left out',
      ],
    ],
    [
      'one that was refused',
      refused(),
      ['Refused', 'web-2 has too little disk space. Nothing was changed.', 'old releases on web-2: 9, 3.1 GB'],
    ],
    ['one that was stopped', stopped(), ['Nothing swapped', 'Stopped by Ctrl-C. Nothing was swapped', 'cut short']],
    ['one that was killed', killed(), ['No end', 'clonedeploy was killed, or is still at work']],
    ['a mixed fleet', mixed(), ['Needs a person', 'FLEET IS MIXED', '1 host: 20261122', 'fix: clonedeploy repair']],
    ['nothing to do', unchanged(), ['Nothing to do', `both hosts serve ${newer} already`]],
  ])('of %s says so', (_, events, texts) => {
    const said = textOf(pageOf(events))
    for (const text of texts) expect(said).toContain(text)
  })

  it('has a line for the swap of each batch, and one label', () => {
    const run = writing(namesOf(2))
    run.phase('swap', 100, [20])
    run.phase('swap', 400, [0, 20])
    const page = pageOf(run.events())
    expect(page.match(/<text class="swap"/g)).toHaveLength(1)
    expect(page.match(/<line class="swap"/g)).toHaveLength(2 * 3)
  })

  it('does not say twice what was served before and after', () => {
    expect(textOf(pageOf(deployed(1)))).toContain(`Before ${older}`)
    const run = writing(['web-1'], 'restart')
    run.at(9, { type: 'run.end', end: endOf(['web-1'], { result: 'restarted', previous: newer }) })
    expect(textOf(pageOf(run.events()))).not.toContain('Before')
  })

  it('does not say of a run that was stopped that a host failed', () => {
    expect(pageOf(stopped())).not.toMatch(/class="(name host bad|failed)"/)
  })

  it('has the commits, what commands printed, and who ran it', () => {
    const said = textOf(pageOf(deployed(3)))
    expect(said).toContain('2 commits 7a6ae02 cart: new route Anna c0ffee1 Round prices per line')
    expect(said).toContain('build this machine, 2 lines vite v7.1.0 building for production... ✓ 412 modules')
    expect(said).toContain('2026-11-23 18:30:45 UTC , deploy by anna on laptop')
  })

  it('has a row for each host and each phase, and says in words what the bars show', () => {
    const page = pageOf(deployed(60))
    expect(page.match(/class="name host/g)).toHaveLength(60)
    expect(page).toContain('aria-label="web-1: 5.2s of work, waited 9.3s"')
    expect(page).toContain('<title>push: push in 6.9s</title>')
  })

  it('shows the end of a long output', () => {
    const run = writing(['web-1'])
    for (let i = 1; i <= 500; i++)
      run.at(1, { type: 'output', host: 'web-1', step: 'prepare', stream: 'stdout', line: `line ${i}.` })
    const said = textOf(pageOf(run.events()))
    expect(said).toContain('prepare web-1, 500 lines … 100 lines before these: see the log line 101.')
    expect(said).toContain('line 500.')
  })

  it('tells the lines of several hosts apart, and folds up all but a few that failed', () => {
    const run = writing(namesOf(3))
    for (const host of namesOf(2))
      run.at(1, { type: 'output', host, step: 'prepare', stream: 'stdout', line: `at ${host}` })
    expect(textOf(pageOf(run.events()))).toContain('prepare 2 hosts, 2 lines web-1 | at web-1 web-2 | at web-2')
    const failure = { phase: 'health', step: 'health', message: 'no', hint: null, output: [] } as const
    const hosts = namesOf(10).map(name => hostEnd(name, older, failure))
    run.at(2, { type: 'run.end', end: endOf([], { result: 'put-back', exitCode: 5, hosts }) })
    expect(textOf(pageOf(run.events()))).toMatch(/web-8 health no 2 more hosts web-9 health no/)
  })

  it.each([
    ['https://github.com/acme/shop/actions/runs/123', true],
    ['javascript:alert(1)', false],
    ['https://x.example/"onclick="a', false],
    ['laptop', false],
  ])('leads to the run of CI, and nowhere else: %s', (from, isLink) => {
    const [start, ...rest] = deployed(1)
    const there = { ...start, event: { ...start?.event, from } } as Timed
    expect(pageOf([there, ...rest]).match(/<a href="[^"]*"/g)).toEqual(isLink ? [`<a href="${from}"`] : null)
  })
})

describe('what hosts and commits say', () => {
  const attacks = [
    '<script>alert(1)</script>',
    '</title></style></pre></svg><img src=x onerror=alert(1)>',
    '"><svg onload=alert(1)>',
    "' style='position:fixed",
    '<!-- ',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    `${evil}`,
  ]
  const text = attacks.join(' ')

  /** Every text of a run that somebody else may have written. */
  function attacked(): readonly Timed[] {
    const failure = {
      phase: 'health',
      step: text,
      message: text,
      hint: text,
      output: [text],
      log: { source: text, lines: [text] },
    } as const
    const run = writing([text, 'web-2'])
    run.at(0, {
      type: 'run.release',
      release: text,
      previous: text,
      note: text,
      revision: text,
      message: text,
      commits: [{ id: text, author: text, subject: text }],
    })
    run.phase('prepare', 10, [100, 900], text, { 1: text })
    run.at(20, { type: 'output', host: text, step: text, stream: 'stderr', line: text })
    run.at(20, { type: 'bake.look', ok: false, ms: 3, note: text, output: [text] })
    run.at(20, { type: 'note', level: 'warning', host: text, text })
    const host = { ...hostEnd(text, text, failure), out: text }
    const more = { release: text, previous: text, reason: text, next: [text], warnings: [text], details: [text] }
    run.at(1000, {
      type: 'run.end',
      end: endOf([], { result: 'mixed', exitCode: 6, hosts: [host, hostEnd('web-2', null)], ...more }),
    })
    return run.events()
  }

  const page = pageOf(attacked())
  const plain = pageOf(deployed(2))

  it('brings no tag, no attribute and no character of its own', () => {
    const tags = (markup: string) => new Set(markup.match(/<\/?[a-z!][a-z0-9]*/gi))
    const known = new Set([...tags(plain), ...tags(pageOf(putBack(2))), ...tags(pageOf(mixed()))])
    expect([...tags(page)].filter(tag => !known.has(tag))).toEqual([])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(page).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\p{Bidi_Control}]/u)
    const inTags = (markup: string) => (markup.match(/<[^>]*>/g) ?? []).join('').replace(/="[^"]*"/g, '=')
    const names = (markup: string) => new Set(inTags(markup).match(/[\w:-]+(?==)/g))
    const usual = new Set([...names(plain), ...names(pageOf(putBack(2)))])
    expect([...names(page)].filter(name => !usual.has(name))).toEqual([])
  })

  it('is all in tags that are whole', () => {
    const rest = page
      .replace(/<style>.*?<\/style>/s, '')
      .replace(/<!doctype html>|<\/?[a-z][a-z0-9]*(?:\s+[a-zA-Z0-9:-]+(?:="[^"<>]*")?)*\s*\/?>/g, '')
    expect(rest).not.toMatch(/[<>"']/)
  })

  it('could do nothing even so: the policy allows this one style, and no script, picture, form or base', () => {
    for (const one of [page, plain]) {
      const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/
        .exec(one)?.[1]
        ?.replaceAll('&#39;', "'")
      const style = /<style>(.*?)<\/style>/s.exec(one)?.[1] ?? ''
      const hash = createHash('sha256').update(style).digest('base64')
      expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`)
      expect(one.indexOf('Content-Security-Policy')).toBeLessThan(one.indexOf('<title>'))
      expect(one).not.toMatch(/(src|href|action)="(?!https:\/\/github)|url\(|@import/)
    }
  })
})
