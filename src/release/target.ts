import { escapeLine } from '../text/escape.js'

/** What a link leads to, for people: hosts tell it verbatim, whatever it is. */
export function inWords(target: string | null): string {
  return target === null ? '(absent)' : escapeLine(target)
}

/** The same without the folder of the releases; null: absent. */
export function releaseIn(target: string | null): string | null {
  return target === null ? null : escapeLine(target.replace(/^releases\//, ''))
}
