import { readFileSync } from 'node:fs'

/** Names that an ssh configuration gives to hosts, in its order; none where it cannot be read. Patterns are no names. */
export function sshAliases(configFile: string): readonly string[] {
  const lines = textOf(configFile).matchAll(/^[ \t]*Host(?:[ \t]*=[ \t]*|[ \t]+)(.+)$/gim)
  const names = [...lines].flatMap(([, words = '']) => words.trim().split(/\s+/))
  return [...new Set(names.filter(name => /^[\w.-]+$/.test(name)))]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
