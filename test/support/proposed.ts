/** Every command that a message told its reader to type, in its order: of ours, and of the shell where files are moved away. */
export function proposed(text: string): readonly string[] {
  return [...text.matchAll(/(?<=^ *|: +|→ +)(?:clonedeploy [a-z]|(?:mv|rm) \/).*?(?= {2,}|$)/gm)].map(
    ([command]) => command,
  )
}
