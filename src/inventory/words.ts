/**
 * The words after a command: hosts, with blanks or commas between them, and at most one stage, wherever it stands.
 * A word that could be both is the stage: `--stage` says which it is, and then every word is a host.
 */
export function stageAmong(words: readonly string[], stages: readonly string[]): string | undefined {
  return words.find(word => stages.includes(word))
}

/** The hosts among the words. `stage`: the one that stands there, too; null: all are hosts. */
export function hostsAmong(words: readonly string[], stage: string | null): readonly string[] {
  const at = stage === null ? -1 : words.indexOf(stage)
  const named = words.filter((_, i) => i !== at).flatMap(word => word.split(',').map(one => one.trim()))
  return [...new Set(named.filter(name => name !== ''))]
}
