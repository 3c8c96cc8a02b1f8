import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isKey, type Store, StoreError } from './store.js'

/** A store in a folder: to try one out, on one machine, or for any web server to serve. */
export function folderStore(dir: string): Store {
  const place = (key: string) => placeOf(dir, key)
  const told = <R>(act: () => Promise<R>) => act().catch(error => Promise.reject(errorOf(dir, error)))
  return {
    name: dir,
    create: (key, bytes) => told(() => create(place(key), bytes)),
    put: (key, bytes) => told(() => put(place(key), bytes)),
    read: (key, most) => told(() => readBounded(dir, place(key), most)),
    size: key => told(async () => (await absent(stat(place(key))))?.size ?? null),
    list: prefix => told(() => list(dir, prefix)),
    remove: key => told(() => rm(place(key), { force: true })),
    address: null,
    close() {},
  }
}

/** A link to a file that is whole already: of many who make it, one does. */
async function create(path: string, bytes: Uint8Array): Promise<'created' | 'taken'> {
  const written = await write(path, bytes)
  try {
    await link(written, path)
    await flush(dirname(path))
    return 'created'
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'taken'
    throw error
  } finally {
    await rm(written, { force: true })
  }
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await rename(await write(path, bytes), path)
  await flush(dirname(path))
}

/** Under a name that is no key. */
async function write(path: string, bytes: Uint8Array): Promise<string> {
  const written = join(dirname(path), `.${randomBytes(8).toString('hex')}`)
  await mkdir(dirname(path), { recursive: true })
  const file = await open(written, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  return written
}

async function flush(folder: string): Promise<void> {
  const file = await open(folder)
  await file.sync().finally(() => file.close())
}

async function readBounded(dir: string, path: string, most: number): Promise<Uint8Array | null> {
  const file = await absent(open(path))
  if (file === null) return null
  try {
    const { size } = await file.stat()
    if (size > most)
      throw new StoreError(dir, 'damaged', `has ${size} bytes where at most ${most} are expected: ${path}`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

async function list(dir: string, prefix: string): Promise<readonly string[]> {
  const found = (await absent(readdir(join(dir, prefix), { recursive: true, withFileTypes: true }))) ?? []
  const files = found.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return files
    .map(path => path.slice(join(dir, '/').length))
    .filter(isKey)
    .sort(byBytes)
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function placeOf(dir: string, key: string): string {
  if (!isKey(key)) throw new Error(`no key of a store: ${JSON.stringify(key)}`)
  return join(dir, key)
}

function absent<T>(found: Promise<T>): Promise<T | null> {
  return found.catch(error => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
}

function errorOf(dir: string, error: unknown): unknown {
  const code = codeOf(error)
  if (code === null) return error
  const reason = (error as Error).message
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return new StoreError(dir, denied ? 'denied' : 'failing', `cannot be used: ${reason}`, { cause: error })
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
