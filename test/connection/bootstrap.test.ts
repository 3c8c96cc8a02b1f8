import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { bootstrap, firstText, LEAVE, requestLine, zippedRequest } from '../../src/connection/shell/request.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { installed } from '../support/installed.js'
import { everyShell } from '../support/scripts.js'
import { exhaustive } from '../support/tier.js'

const NONCE = '0123456789abcdef0123456789abcdef'
const marks = { nonce: '0123', begin: '@:0123:begin', end: '@:0123:end' }
const LOGIN_SHELLS = ['bash', 'dash', 'sh', ...exhaustive(['zsh', 'fish', 'tcsh'])]

async function feed(
  command: readonly string[],
  input: string | Uint8Array,
  path = process.env.PATH,
  more = {},
): Promise<string> {
  const [file, ...args] = command as [string, ...string[]]
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PATH: path, ...more } })
  child.stdin.end(input)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The loop itself, as one kind of /bin/sh runs it. */
function loopUnder(shell: readonly string[]): string[] {
  const text = /^exec \/bin\/sh -c '(.*)'$/.exec(bootstrap(NONCE))?.[1]
  if (!text) throw new Error('the bootstrap is not one single-quoted word')
  return [...shell, '-c', text]
}

describe('the command that every channel runs', () => {
  it('is one line of single quotes that no login shell reads in its own way', () => {
    expect(bootstrap(NONCE)).toBe(
      "exec /bin/sh -c 'unset l c TMOUT; set +Cefu; " +
        'clonedeploy_begin() { clonedeploy_mark=@:$1; echo $clonedeploy_mark:begin; echo $clonedeploy_mark:begin >&2; }; ' +
        'clonedeploy_end() { echo $clonedeploy_mark:end $1; echo $clonedeploy_mark:end $1 >&2; }; ' +
        'while IFS= read -r l; do case $l in 0123456789abcdef0123456789abcdef" "*) ' +
        `eval "$(printf %b "\${l#* }")";; 0123456789abcdef0123456789abcdef:*) ` +
        `eval "$(dd bs="\${l#*:}" count=1 iflag=fullblock 2>/dev/null | gzip -dc)";; esac; done'`,
    )
    expect(bootstrap(NONCE)).not.toMatch(/[!\\\n`]/)
  })

  it.each(LOGIN_SHELLS)('works in %s as login shell', async shell => {
    const requests =
      requestLine(NONCE, '', "echo 'one two'\nprintf '%s\\n' \"it's\"") + requestLine(NONCE, '', 'echo $((6 * 7))')
    expect(await feed([installed(shell), '-c', bootstrap(NONCE)], requests)).toBe("one two\nit's\n42\n")
  })

  it.each(LOGIN_SHELLS)('runs a first script before it reads anything, in %s as login shell', async shell => {
    const first = firstText(new Script('first', '[ -n x ] && echo first; ( exit 3 )'), marks)
    const said = '@:0123:begin\nfirst\n@:0123:end 3\n'
    expect(await feed([installed(shell), '-c', bootstrap(NONCE, first)], '')).toBe(said)
    const requests = LEAVE + requestLine(NONCE, '', 'echo then')
    expect(await feed([installed(shell), '-c', bootstrap(NONCE, first)], requests)).toBe(`${said}then\n`)
  })
})

describe.each(everyShell)('the loop under $name', shell => {
  const loop = (input: string | Uint8Array) => feed(loopUnder(shell.command), input, shell.path)

  it('runs only lines that begin with the nonce and a space or a size', async () => {
    const stray = [
      'echo stray',
      `x${NONCE} echo stray`,
      `${NONCE}echo stray`,
      `${NONCE}:x`,
      ` ${NONCE} echo stray`,
      NONCE,
      '*',
      '$(echo stray)',
    ]
    expect(await loop(`${stray.join('\n')}\nno newline${requestLine(NONCE, '', 'echo wanted')}`)).toBe('wanted\n')
  })

  it('does not give up after TMOUT, and takes no options from SHELLOPTS', async () => {
    const env = { TMOUT: '1', SHELLOPTS: 'noclobber:nounset:errexit:noglob' }
    const text = 'case $- in *[Cefu]*) echo "$-" ;; *) echo "[$TMOUT]" ;; esac'
    expect(await feed(loopUnder(shell.command), requestLine(NONCE, '', text), shell.path, env)).toBe('[]\n')
  })

  it('runs nothing of a line that was cut', async () => {
    expect(await loop(`\n${NONCE} echo cut`)).toBe('')
  })

  it('gets every character as it was', async () => {
    const all = Array.from({ length: 0x17f }, (_, code) => String.fromCodePoint(code + 1)).join('')
    const text = `${all}日本🚀\\n\\0101\\c%b%s$x\`y\`!`
    const quoted = `'${text.replaceAll("'", `'\\''`)}'`
    expect(await loop(requestLine(NONCE, '', `printf '%s' ${quoted}`))).toBe(text)
  })

  it('unzips what is long, and reads not a byte more', async () => {
    const all = Array.from({ length: 0x17f }, (_, code) => String.fromCodePoint(code + 1)).join('')
    const quoted = `'${`${all}日本🚀`.repeat(4).replaceAll("'", `'\\''`)}'`
    const long = zippedRequest(
      NONCE,
      'n=5\n',
      `printf '%s' ${quoted}; dd bs="$n" count=1 iflag=fullblock 2>/dev/null; echo`,
    )
    expect(long.length).toBeLessThan(1200)
    const requests = Buffer.concat([long, Buffer.from('input'), zippedRequest(NONCE, 'a=short\n', 'echo "$a"')])
    expect(await loop(requests)).toBe(`${`${all}日本🚀`.repeat(4)}input\nshort\n`)
  })

  it('takes a script of 300 kB', async () => {
    const long = 'x'.repeat(300_000)
    expect((await loop(requestLine(NONCE, '', `a='${long}'; printf '%s' "$a" | wc -c`))).trim()).toBe('300000')
  })
})
