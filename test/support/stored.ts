import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Generation } from '../../src/store/generation.js'
import type { S3Server } from './s3-server.js'

const at = 'shop/stages/production/generations'

/** What a folder store has recorded, oldest first. */
export function generationsIn(dir: string): readonly Generation[] {
  const names = existsSync(join(dir, at)) ? readdirSync(join(dir, at)).sort() : []
  return names.map(name => JSON.parse(lineOf(readFileSync(join(dir, at, name), 'utf8'))))
}

/** The record, without the signature that may stand below it. */
function lineOf(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** What a bucket has recorded, oldest first. */
export function generationsAt({ objects }: S3Server): readonly Generation[] {
  const keys = [...objects.keys()].filter(key => key.startsWith(`${at}/`)).sort()
  return keys.map(key => JSON.parse(objects.get(key)?.toString('utf8') ?? ''))
}

/** `1 pending`, `2 confirmed`, … */
export function states(generations: readonly Generation[]): readonly string[] {
  return generations.map(({ number, state }) => `${number} ${state}`)
}
