import type { Duplex } from 'node:stream'

/** Milliseconds between two questions whether a host is there. */
export const keepaliveInterval = 5_000
const mostSilent = 3

/**
 * Calls `gone` when three intervals went by without a byte. ssh2 counts the answers to its questions, and each waits behind all
 * that was sent before it: up to 2 MB, which takes longer than that where a host gets less than a megabit.
 */
export function onSilence(stream: Duplex, gone: () => void): void {
  let heard = true
  let silent = 0
  stream.on('data', () => {
    heard = true
  })
  // Intervals are counted, not the time: this process may have been stopped itself.
  const timer = setInterval(() => {
    silent = heard ? 0 : silent + 1
    heard = false
    if (silent < mostSilent) return
    clearInterval(timer)
    gone()
  }, keepaliveInterval)
  timer.unref()
  stream.once('close', () => clearInterval(timer))
}
