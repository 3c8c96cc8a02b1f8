import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { workflowText } from '../../src/project/workflow.js'

interface Step {
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly run?: string
}

interface Workflow {
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, { readonly uses?: string; readonly steps?: readonly Step[] }>>
}

const folder = join(import.meta.dirname, '../../.github/workflows')
const files = readdirSync(folder)

describe.each(files)('the workflow %s', file => {
  const text = readFileSync(join(folder, file), 'utf8')
  const { permissions, jobs }: Workflow = parse(text)
  const steps = Object.values(jobs).flatMap(job => job.steps ?? [])

  it('may only read, but where a job says more', () => {
    expect(permissions).toEqual({ contents: 'read' })
  })

  it('names actions by the same commits as the workflow that init writes', () => {
    const ours = workflowText({ project: null, branch: 'main', folder: '' })
    const used = [...text.matchAll(/uses: (\S+@\S+ # \S+)/g)].map(([, one = '']) => one)
    expect(used).toHaveLength(steps.filter(({ uses }) => uses !== undefined).length)
    expect(used.filter(one => !ours.includes(one))).toEqual([])
  })

  it('keeps no token of the repository beside the checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.map(step => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false))
  })

  it('has no secret of its own', () => {
    expect(text).not.toMatch(/secrets[.]/)
  })
})
