import type { ConfigInput } from './input.js'

/** Gives the config its type, for the editor; changes nothing. */
export function defineConfig(input: ConfigInput): ConfigInput {
  return input
}
