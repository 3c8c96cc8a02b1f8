import ts from '@typescript/typescript6'
import { document } from '../markdown.js'

/** A key as src/config/input.ts has it. */
export interface Property {
  readonly name: string
  readonly type: ts.TypeNode
  readonly meaning: string
  readonly default: string | null
  readonly example: string | null
  readonly required: boolean
}

const path = 'src/config/input.ts'
const file = ts.createSourceFile(path, document(path), ts.ScriptTarget.Latest, true)
const declared = new Map(
  file.statements.flatMap(one =>
    ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one) ? [[one.name.text, one] as const] : [],
  ),
)

/** The properties of an interface of that file, with those that it inherits. */
export function interfaceOf(name: string): readonly Property[] {
  const found = declared.get(name)
  if (found === undefined || !ts.isInterfaceDeclaration(found)) throw new Error(`${name} is no interface of ${path}`)
  const inherited = found.heritageClauses?.flatMap(({ types }) => types.map(type => type.expression.getText())) ?? []
  return [...propertiesOf(found.members), ...inherited.flatMap(interfaceOf)]
}

/** The objects that a type allows, whatever stands around them: lists, records, unions. */
export function objectsOf(type: ts.TypeNode): readonly (readonly Property[])[] {
  if (ts.isTypeLiteralNode(type)) return [propertiesOf(type.members)]
  if (ts.isUnionTypeNode(type)) return type.types.flatMap(objectsOf)
  if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type)) return objectsOf(type.type)
  if (ts.isArrayTypeNode(type)) return objectsOf(type.elementType)
  if (ts.isIntersectionTypeNode(type)) return type.types.map(objectsOf).reduce(everyPair)
  return ts.isTypeReferenceNode(type) ? referred(type) : []
}

function referred(type: ts.TypeReferenceNode): readonly (readonly Property[])[] {
  const found = declared.get(type.typeName.getText())
  if (found === undefined) return type.typeArguments?.flatMap(objectsOf) ?? []
  return ts.isInterfaceDeclaration(found) ? [interfaceOf(found.name.text)] : objectsOf(found.type)
}

function everyPair(left: readonly (readonly Property[])[], right: readonly (readonly Property[])[]) {
  return left.flatMap(a => right.map(b => [...a, ...b]))
}

/** A type in words: `text or list of text`. */
export function typeText(type: ts.TypeNode): string {
  return [...new Set(wordsOf(type))].join(' or ')
}

const named: Readonly<Record<string, string>> = {
  Duration: 'duration',
  AmountInput: "number or share (`'25%'`)",
  '`${string}.json`': 'path of a `.json` file',
}

function wordsOf(type: ts.TypeNode): readonly string[] {
  const text = type.getText()
  if (named[text] !== undefined) return [named[text]]
  // Said for what `process.env` holds.
  if (text === 'undefined') return []
  if (ts.isLiteralTypeNode(type)) return [`\`${text}\``]
  if (ts.isUnionTypeNode(type)) return type.types.flatMap(wordsOf)
  if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type)) return wordsOf(type.type)
  if (ts.isArrayTypeNode(type) || ts.isTupleTypeNode(type)) return ['list']
  if (ts.isTypeLiteralNode(type) || ts.isIntersectionTypeNode(type)) return ['object']
  if (ts.isFunctionTypeNode(type)) return ['function']
  if (ts.isTypeReferenceNode(type)) return wordOf(type)
  return [{ string: 'text', number: 'number', boolean: 'yes or no' }[text] ?? missing(text)]
}

function wordOf(type: ts.TypeReferenceNode): readonly string[] {
  const found = declared.get(type.typeName.getText())
  return found === undefined || ts.isInterfaceDeclaration(found) ? ['object'] : wordsOf(found.type)
}

function missing(text: string): never {
  throw new Error(`there is no word for the type ${text}`)
}

function propertiesOf(members: ts.NodeArray<ts.TypeElement>): readonly Property[] {
  return members.filter(ts.isPropertySignature).map(member => {
    const name = member.name.getText()
    const [comment] = ts.getJSDocCommentsAndTags(member)
    if (comment === undefined || member.type === undefined) throw new Error(`${name} has no comment in ${path}`)
    const tags = ts.getJSDocTags(member)
    const tag = (wanted: string) => said(tags.find(({ tagName }) => tagName.text === wanted)?.comment)
    return {
      name,
      type: member.type,
      meaning: said(comment.comment) ?? missing(`of ${name}`),
      default: tag('default'),
      example: tag('example'),
      required: member.questionToken === undefined,
    }
  })
}

function said(comment: ts.JSDoc['comment']): string | null {
  return ts.getTextOfJSDocComment(comment)?.replaceAll(/\s*\n\s*/g, ' ') ?? null
}
