import { stageNumberIn } from './generation.js'
import { signedIn, withSignature } from './signature.js'
import { type Sign, SignatureError, type Verify } from './ssh-keygen.js'
import { type Store, StoreError } from './store.js'

/** Who signs what a run tells a store, and whom it believes. */
export interface Signing {
  /** Null: nothing is signed here. */
  readonly sign: Sign | null
  /** Null: everything is believed, signed or not. */
  readonly verify: Verify | null
  /** The generation that a person vouches for, whoever signed it; null: none. */
  readonly trusted: number | null
}

/** A store whose generations are signed as they are created, and checked as they are read. Nothing else in it is touched. */
export function signedStore(store: Store, signing: Signing): Store {
  let others = false
  return {
    ...store,
    async create(key, bytes) {
      if (stageNumberIn(key) === null) return store.create(key, bytes)
      if (others && signing.trusted === null) throw notSigned(store, 'the generations there are signed')
      return store.create(key, await signed(store, signing, bytes))
    },
    async read(key, most) {
      const bytes = await store.read(key, most)
      const number = stageNumberIn(key)?.number ?? null
      if (bytes === null || number === null) return bytes
      const { line, signature } = signedIn(bytes) ?? { line: bytes, signature: null }
      others ||= signature !== null && signing.verify === null
      const { verify } = signing
      if (verify !== null && number !== signing.trusted)
        await demand(verify, line, signature).catch(error => refuse(store, key, number, error))
      return line
    },
  }
}

/** Whether what is signed here would be believed: found before anything is changed. Throws StoreError. */
export async function trySigning(store: Store, signing: Signing): Promise<void> {
  await signed(store, signing, Buffer.from(`${JSON.stringify({ at: new Date().toISOString() })}\n`))
}

async function signed(store: Store, { sign, verify }: Signing, line: Uint8Array): Promise<Uint8Array> {
  if (sign === null) {
    if (verify !== null) throw notSigned(store, 'only signed ones are believed')
    return line
  }
  const signature = await sign(line).catch(error => refuseOwn(store, '', error))
  if (verify !== null)
    await demand(verify, line, signature).catch(error => refuseOwn(store, 'what is signed here ', error))
  return withSignature(line, signature)
}

function refuseOwn(store: Store, what: string, error: unknown): never {
  if (!(error instanceof SignatureError)) throw error
  throw new StoreError(store.name, 'unsigned', `gets no generation from here: ${what}${error.message}.`, {
    cause: error,
  })
}

async function demand(verify: Verify, line: Uint8Array, signature: string | null): Promise<void> {
  if (signature === null) throw new SignatureError('is not signed')
  const at = timeIn(line)
  if (at === null) throw new SignatureError('does not say when it was made')
  await verify(line, signature, at)
}

/** When a generation says that it was made: its signer had to be allowed then. */
function timeIn(line: Uint8Array): Date | null {
  try {
    const { at } = JSON.parse(Buffer.from(line).toString('utf8')) as { readonly at?: unknown }
    const time = new Date(typeof at === 'string' ? at : Number.NaN)
    return Number.isNaN(time.getTime()) ? null : time
  } catch {
    return null
  }
}

function refuse(store: Store, key: string, number: number, error: unknown): never {
  if (!(error instanceof SignatureError)) throw error
  throw new StoreError(store.name, 'unsigned', `holds a generation ${number} that ${error.message}.`, {
    details: [`object  ${key}`],
    next: [
      `if it is right, and to sign what follows: clonedeploy deploy --trust-generation ${number}`,
      `if it is not: take ${key} out of the store, and find out who may write there`,
    ],
    cause: error,
  })
}

function notSigned(store: Store, why: string): StoreError {
  return new StoreError(store.name, 'unsigned', `gets no generation from here: ${why}, and the config has no "sign".`, {
    next: ['say in the config who signs: sign: { key: … }, with allowedSigners'],
  })
}
