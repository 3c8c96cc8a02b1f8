import { type Script, script } from './shell.js'

/** Holds a session open until a line comes, or its input ends: shows how many a host allows at once. */
export function holdSession(): Script {
  return script('hold-session', ['echo held\nIFS= read -r line\nexit 0'])
}
