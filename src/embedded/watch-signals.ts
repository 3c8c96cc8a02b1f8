import type { ExitCode } from '../errors.js'

/** A signal in the middle of a command is that command's to handle; here it only ends the play, and everything is cleaned up. */
export function watchSignals(): { readonly caught: () => ExitCode | null; readonly stop: () => void } {
  let caught: ExitCode | null = null
  const interrupt = () => {
    caught ??= 130
  }
  const terminate = () => {
    caught ??= 143
  }
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate)
  const stop = () => {
    process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate)
  }
  return { caught: () => caught, stop }
}
