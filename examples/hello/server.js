import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'

const folder = dirname(fileURLToPath(import.meta.url))
const host = process.env.CLONEDEPLOY_HOST ?? process.env.CLONEDEPLOY_EMBEDDED_HOST ?? hostname()
const release = process.env.CLONEDEPLOY_RELEASE ?? basename(folder)
const port = Number(process.env.APP_PORT ?? 3000)
const template = readFileSync(join(folder, 'message.txt'), 'utf8').trim()
const settings = parseEnv(read(join(folder, 'config/app.env')))

const server = createServer((request, response) => {
  try {
    if (request.url === '/') send(response, 200, 'text/html', page())
    else if (request.url === '/healthz') send(response, 200, 'text/plain', health())
    else send(response, 404, 'text/plain', 'not found')
  } catch (error) {
    console.error(error.message)
    send(response, 500, 'text/plain', error.message)
  }
})

server.listen(port, '127.0.0.1', () => {
  console.log(`release ${release} listens on 127.0.0.1:${port}`)
  // Only who got the port may say that it is the app: bin/restart.sh waits for this file and stops the process it names.
  if (process.env.PID_FILE) writeFileSync(process.env.PID_FILE, `${process.pid}\n`)
})

// Answers what it has begun, then ends.
process.on('SIGTERM', () => {
  server.close(() => process.exit())
  server.closeIdleConnections()
})

/** The release id proves to whoever asks which release is really served. */
function health() {
  message()
  return release
}

/** The text of message.txt; `{NAME}` in it stands for a setting of config/app.env, a file that each host has for itself. */
function message() {
  return template.replace(/\{(\w+)\}/g, (_, name) => {
    if (settings[name] === undefined) throw new Error(`message.txt needs ${name}; config/app.env on ${host} lacks it`)
    return settings[name]
  })
}

function page() {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${html(host)}</title>
<style>
  body { display: grid; min-height: 100vh; margin: 0; place-content: center; gap: .5rem; padding: 1rem;
         font: 1.1rem/1.5 system-ui, sans-serif; color: #1d2433; background: #f4f6fb }
  h1 { margin: 0; font-size: 2.4rem }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: 0 }
  dt { color: #69758f }
  dd { margin: 0; font-family: ui-monospace, monospace }
  @media (prefers-color-scheme: dark) { body { color: #e8ecf5; background: #161b26 } dt { color: #93a0bd } }
</style>
<h1>${html(message())}</h1>
<dl>
  <dt>host</dt><dd>${html(host)}</dd>
  <dt>release</dt><dd>${html(release)}</dd>
</dl>
</html>
`
}

function send(response, status, type, body) {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' })
  response.end(`${body}\n`)
}

function html(text) {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return ''
    throw error
  }
}
