import { createServer } from 'node:http'
import { Server } from 'node:net'
import { basename } from 'node:path'

// The folder that `current` led to when pm2 started this process: releases/ID.
const release = basename(process.cwd())

let ending = false

const server = createServer((request, response) => {
  if (ending) response.setHeader('connection', 'close')
  response.setHeader('x-release', release)
  response.end(request.url === '/healthz' ? `${release}\n` : '<h1>Hello from version 1</h1>\n')
})

if (process.argv.includes('--try')) server.listen(0, '127.0.0.1', () => server.close())
else server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => process.send?.('ready'))

// pm2 asks so when another process has taken over. Takes no new connection, and ends those that are open with their next answer:
// http's own close would cut off an idle one at the moment in which it is used again.
process.on('SIGINT', () => {
  ending = true
  Server.prototype.close.call(server, () => process.exit())
})
