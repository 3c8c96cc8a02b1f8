import { escapeLine } from '../../text/escape.js'

/** A workflow command that marks the step as failed. */
export function errorCommand(title: string, message: string): string {
  return `::error title=${escapeProperty(title)}::${escapeData(message)}\n`
}

export function groupCommand(title: string): string {
  return `::group::${escapeData(title)}\n`
}

export const endGroupCommand = '::endgroup::\n'

/**
 * Text that the runner takes for text: it obeys lines that begin with `::`, and `##[…]` anywhere in a line
 * (actions/runner, ActionCommand.cs).
 */
export function defused(text: string): string {
  return text.replaceAll('##[', '# #[').replace(/^(\s*):(?=:)/gm, '$1: ')
}

/** Lines of $GITHUB_OUTPUT; no value can bring a line of its own. */
export function outputLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${escapeLine(value)}\n`)
    .join('')
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
