import { connect } from 'node:net'

/** Throws unless somebody listens on a port of 127.0.0.1. */
export function listens(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(socket.destroy()))
    socket.on('error', reject)
  })
}
