import { inspect } from 'node:util'

/** A value that prints as `[redacted]` wherever it gets by accident. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself: only for what is sent to a host, never for what is shown or logged. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect.custom](): string {
    return '[redacted]'
  }
}

/** Shorter values would blacken half of every text. */
const shortest = 4

/**
 * Replaces every secret in a text, also where it is written in base64 (by itself or amid other bytes), URL-encoded,
 * escaped for JSON, or quoted for the shell; of values of several lines, each line too.
 */
export function redactor(secrets: ReadonlyMap<string, Secret>): (text: string) => string {
  const values = [...secrets.values()].map(secret => secret.reveal()).filter(value => value.length >= shortest)
  const forms = [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return text => text
  const any = new RegExp(forms.map(form => form.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'), 'g')
  return text => text.replace(any, '[redacted]')
}

function formsOf(value: string): readonly string[] {
  const long = (form: string) => form.trim().length >= shortest
  return [value, ...linesOf(value)].flatMap(text => [...encodings(text), ...base64Forms(text)]).filter(long)
}

/** Output is told line by line. Short lines and the frame of a PEM key are no secret. */
function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/)
  return lines.length === 1
    ? []
    : lines.map(line => line.trim()).filter(line => line.length >= 8 && !line.startsWith('-----'))
}

function encodings(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1)
  const url = encodeURIComponent(text)
  const form = new URLSearchParams([['', text]]).toString().slice(1)
  return [text, json, json.replaceAll('/', '\\/'), ...[url, form].flatMap(bothCases), text.replaceAll("'", `'\\''`)]
}

/** `%2F` and `%2f` are the same. */
function bothCases(text: string): readonly string[] {
  return [text, text.replaceAll(/%[0-9A-F]{2}/g, hex => hex.toLowerCase())]
}

/** In the middle of other bytes (`user:password`) a value has one of three looks; its first and last digits vary. */
function base64Forms(text: string): readonly string[] {
  const whole = Buffer.from(text).toString('base64')
  const inner = [0, 1, 2].map(before => middle(Buffer.from(text), before)).filter(form => form.length >= 6)
  return [whole, whole.replace(/=+$/, ''), ...inner].flatMap(form => [form, urlSafe(form)])
}

function middle(bytes: Buffer, before: number): string {
  const digits = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const isCut = (before + bytes.length) % 3 !== 0
  return digits.slice(Math.ceil((before * 8) / 6), isCut ? -1 : undefined)
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_')
}
