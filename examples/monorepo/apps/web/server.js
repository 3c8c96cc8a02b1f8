import { createServer } from 'node:http'
import { greeting } from './greeting.js'

const { PORT = 3000, CLONEDEPLOY_RELEASE = 'none' } = process.env

createServer(({ url }, response) => {
  response.end(url === '/healthz' ? CLONEDEPLOY_RELEASE : `<h1>${greeting}</h1>\n`)
}).listen(Number(PORT), '127.0.0.1')
