// Loaded into the program by `node --import`: counts what it writes to its hosts, and holds it at the message that
// CLONEDEPLOY_HOLD names (`12 any before`: the 12th; `2 go after`: the second `go`; `1 word before`: the first `go` or rename) until the file `resume` is there.
// The program itself knows nothing of it.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const { CLONEDEPLOY_MESSAGES: dir, CLONEDEPLOY_HOLD: point = '0 any before' } = process.env
const { Channel } = createRequire(import.meta.url)('ssh2/lib/Channel.js')
const [at, kind, when] = point.split(' ')
const known = [
  ['rename', /posix-rename@openssh\.com/],
  ['readlink', /stage\/go\/current$/],
  ['armed', /echo armed/],
  ['ping', /^ping$/m],
  ['go', /^go [0-9a-f]+$/m],
  ['warm', /mv -f "\$X\/warm"/],
  ['lay', /switch\.new/],
  ['switch', /^switch [0-9a-f]+$/m],
  ['cool', /rm -f '?\.clonedeploy\/warm/],
  ['flip', /^set server \S+ state ready;.* state maint$/m],
  ['inspect', /printf 'clock/],
  ['end', /^end$/m],
  ['lock', /clonedeploy-probe/],
  ['unpack', /tar -x/],
  ['seal', /new\.seal/],
  ['stage', /stage\/revert/],
  ['renew', /touch "\$@"/],
  ['confirm', /"\$X\/undecided" "\$X\/outcome\.confirmed"/],
  ['finish', />>'?\.clonedeploy\/history/],
  ['restore', /back \|\| exit/],
]
const write = Channel.prototype._write
const kept = new WeakMap()
let count = 0

if (dir !== undefined) {
  Channel.prototype._write = function (data, encoding, done) {
    return hold(kindsOf(whole(plain(data), this)), this, () => write.call(this, data, encoding, done))
  }
}

function hold(names, channel, send) {
  const counts = kind === 'any' || names.includes(kind) || (kind === 'word' && isWord(names))
  if (counts) count += 1
  appendFileSync(join(dir, 'messages'), `${names.join('+')} ${channel._client._sock.remotePort}\n`)
  const wanted = counts && count === Number(at)
  if (wanted && when === 'before') pause()
  const result = send()
  if (wanted && when === 'after') pause()
  return result
}

/** What makes a host swap, or tells it that it has. */
function isWord(names) {
  return names.includes('rename') || names.includes('go')
}

/** A message with what is gzipped in it. */
function plain(data) {
  const text = data.toString('latin1')
  const line = Buffer.isBuffer(data) ? /^\n[0-9a-f]{32}:\d+\n/.exec(text)?.[0] : undefined
  return line === undefined ? text : gunzipSync(data.subarray(line.length)).toString('latin1')
}

/** A message with the script that it names, and without those that it only tells of. */
function whole(text, channel) {
  const texts = kept.get(channel) ?? new Map()
  kept.set(channel, texts)
  const told = text.replace(/^(clonedeploy_\d+)='((?:[^']|'\\'')*)'\n/gm, (_, name, quoted) => {
    texts.set(name, quoted.replaceAll("'\\''", "'"))
    return ''
  })
  const name = /eval "\$(clonedeploy_\d+)"/.exec(told)?.[1]
  return texts.get(name) ?? told
}

/** What goes out together with the lock is of several kinds. */
function kindsOf(text) {
  const name = known.find(([, sign]) => sign.test(text))?.[0] ?? (text.length < 400 ? 'short' : 'long')
  const along = name === 'lock' ? ['unpack', 'seal', 'stage'] : []
  return [name, ...known.filter(([other, sign]) => along.includes(other) && sign.test(text)).map(([other]) => other)]
}

function pause() {
  writeFileSync(join(dir, 'held'), '')
  const clock = new Int32Array(new SharedArrayBuffer(4))
  while (!existsSync(join(dir, 'resume'))) Atomics.wait(clock, 0, 0, 5)
}
