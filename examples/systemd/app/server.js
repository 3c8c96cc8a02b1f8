import { createServer } from 'node:http'
import { basename } from 'node:path'

// The folder that `current` led to when this process started: releases/ID.
const release = basename(process.cwd())

const server = createServer((request, response) => {
  response.setHeader('x-release', release)
  response.end(request.url === '/healthz' ? `${release}\n` : '<h1>Hello from version 1</h1>\n')
})

// From shop.socket the port comes open, as file 3; else the app opens its own.
const opened = process.env.LISTEN_PID === String(process.pid)
server.listen(opened ? { fd: 3 } : { port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })

// Answers what it has begun, then ends.
process.on('SIGTERM', () => server.close())
