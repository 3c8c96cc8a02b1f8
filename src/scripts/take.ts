import { type ShellText, sh } from './shell.js'

/**
 * `take PATH`: removes it by way of our own transaction's folder, to which one rename brings it. Whoever takes the lock over
 * removes that folder first: a script that was asleep meanwhile finds no place to take anything to, and takes nothing.
 */
export const takeFunction: ShellText = sh`take() { mv -f -- "$1" "$X/taken" && rm -rf "$X/taken"; }`
