import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from '@typescript/typescript6'

const src = join(import.meta.dirname, '../../src')

/** One import of one file of src/; a file is named by its path below src/, a package or `node:` module as it is written. */
export interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

/** Every file of src/ with its text, by its path below src/. */
export function sources(): ReadonlyMap<string, string> {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  return new Map(files.sort().map(file => [file, readFileSync(join(src, file), 'utf8')]))
}

/** What a file imports: statements, re-exports, `import()` and `typeof import()`. */
export function importsOf(from: string, text: string): readonly Import[] {
  const found: Import[] = []
  const add = (written: ts.Node, typeOnly: boolean) => {
    if (!ts.isStringLiteralLike(written)) throw new Error(`${from} imports something that is not written out`)
    const relative = written.text.startsWith('.')
    const to = relative
      ? posix.join(posix.dirname(from), written.text).replace(/\.js$/, '.ts')
      : packageOf(written.text)
    found.push({ from, to, typeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false)
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0] as ts.Node, false)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(from, text, ts.ScriptTarget.Latest, true))
  return found
}

/** The folder that a file of src/ lies in; a file right in src/ stands for itself. */
export function folderOf(file: string): string {
  return file.split('/')[0] ?? file
}

/** The text as a program reads it: without comments. */
export function withoutComments(text: string): string {
  const scanner = ts.createPrinter({ removeComments: true })
  return scanner.printFile(ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true))
}

function packageOf(written: string): string {
  if (written.startsWith('node:')) return written
  const parts = written.split('/')
  return parts.slice(0, written.startsWith('@') ? 2 : 1).join('/')
}
