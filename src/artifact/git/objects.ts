import { type GitOptions, gitList, startGit } from './git.js'

/** An entry of a commit's tree: `mode` in octal, as git keeps it, the path as latin1. */
export interface TreeEntry {
  readonly mode: string
  readonly oid: string
  readonly path: string
}

type Asked = Pick<GitOptions, 'cwd' | 'bare' | 'signal'>

/** Something that this way of reading a commit does not know: a checkout must tell what comes of it. */
export class UnusualError extends Error {
  override name = 'UnusualError'
}

/** Objects as they were committed: a checkout, too, knows nothing of what `git replace` put in their place here. */
const real = '--no-replace-objects'

/** Everything in a commit, folders too, a folder before what is in it. */
export async function treeOf(commit: string, run: Asked): Promise<readonly TreeEntry[]> {
  const failure = `commit ${commit} cannot be listed`
  const lines = await gitList([real, 'ls-tree', '-r', '-t', '-z', '--full-tree', commit], { ...run, failure })
  return lines.map(line => {
    const [, mode, oid, path] = /^(\d+) \w+ ([0-9a-f]+)\t(.+)$/s.exec(line) ?? []
    if (mode === undefined || oid === undefined || path === undefined) throw new UnusualError(line)
    return { mode, oid, path }
  })
}

/** The paths at which two commits differ. Throws a GitFailedError where one of them is not here. */
export async function changedBetween(from: string, to: string, run: Asked): Promise<ReadonlySet<string>> {
  const failure = `commit ${from} cannot be compared`
  const list = [real, 'diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-ext-diff', from, to]
  return new Set(await gitList(list, { ...run, failure }))
}

/** Bytes of a file above which a commit is checked out instead. */
const most = 64 << 20

/** The contents of these blobs, one after the other. Throws an UnusualError for one that is missing, none, or too large. */
export async function* blobsOf(oids: readonly string[], run: Asked): AsyncGenerator<Buffer> {
  if (oids.length === 0) return
  const wanted = oids.map(oid => `${oid}\n`).join('')
  const { git } = await startGit([real, 'cat-file', '--batch'], run, wanted)
  try {
    const input = pieces(git.stdout)
    for (const oid of oids) {
      const header = await input.line()
      const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1] ?? Number.NaN)
      if (!header.startsWith(`${oid} `) || !(size <= most)) throw new UnusualError(header)
      const bytes = await input.bytes(size + 1)
      yield bytes.subarray(0, size)
    }
  } finally {
    git.kill()
    git.stdout.destroy()
    await git
    run.signal?.throwIfAborted()
  }
}

/** Cuts a stream as its reader asks for it. */
function pieces(stream: NodeJS.ReadableStream) {
  const chunks = stream[Symbol.asyncIterator]()
  let have: Buffer = Buffer.alloc(0)
  const more = async () => {
    const { done, value } = await chunks.next()
    if (done) throw new UnusualError('git ended before its answer was complete')
    return value as Buffer
  }
  return {
    async line(): Promise<string> {
      while (!have.includes(10)) have = Buffer.concat([have, await more()])
      const end = have.indexOf(10)
      const line = have.toString('latin1', 0, end)
      have = have.subarray(end + 1)
      return line
    },
    async bytes(size: number): Promise<Buffer> {
      const parts = [have]
      for (let length = have.length; length < size; ) {
        const part = await more()
        parts.push(part)
        length += part.length
      }
      const all = parts.length === 1 ? have : Buffer.concat(parts)
      have = all.subarray(size)
      return all.subarray(0, size)
    },
  }
}
