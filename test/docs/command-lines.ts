import { blocks, codeSpans, document, documents } from './markdown.js'

/** A line of an `sh` block, without its comment. */
export interface ShellLine {
  readonly page: string
  readonly line: string
}

/** What documents tell people to type, block by block. The examples' own are run by test/examples. */
export const shellLines: readonly ShellLine[] = documents
  .filter(page => !page.startsWith('examples/'))
  .flatMap(page =>
    blocks(document(page), 'sh')
      .flatMap(block => block.split('\n'))
      .map(line => ({ page, line: line.replace(/(^|\s+)#.*/, '').replace(/^npx /, '') }))
      .filter(({ line }) => line !== ''),
  )

/** Every command of clonedeploy that any document names, in a block or in a sentence. */
export const named: readonly string[] = [
  ...new Set(
    documents.flatMap(page =>
      [...blocks(document(page), 'sh').join('\n').split('\n'), ...codeSpans(document(page))]
        .map(text => text.replace(/^npx /, ''))
        .filter(text => /^clonedeploy [a-z]/.test(text))
        .map(text => text.replace(/\s+#.*/, '')),
    ),
  ),
]

/** The words of a line as a shell parts them: quotes keep words together. */
export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  )
}
