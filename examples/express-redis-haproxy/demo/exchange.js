import { request } from 'node:http'

/** One request. Throws when the connection is refused, reset or cut off, or when nothing comes for 30 s. */
export function exchange(url, { path, ...options }, body) {
  return new Promise((resolve, reject) => {
    const asked = request(url + path, options, response => {
      let text = ''
      response.setEncoding('utf8').on('data', part => {
        text += part
      })
      response.on('error', reject)
      response.on('end', () => {
        if (!response.complete) return reject(new Error('the answer was cut off'))
        const cookies = (response.headers['set-cookie'] ?? []).map(line => line.split(';')[0].split(/=(.*)/s))
        resolve({ status: response.statusCode, headers: response.headers, body: text, cookies })
      })
    })
    asked.setTimeout(30_000, () => asked.destroy(new Error('no answer in 30 s')))
    asked.on('error', reject)
    asked.end(body)
  })
}
