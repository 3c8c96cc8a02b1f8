import { type Store, StoreError } from '../../src/store/store.js'

/** A store in memory. Each call is done at once when `turn` lets it go on. */
export function memoryStore(objects: Map<string, Uint8Array>, turn: (call: string) => Promise<void>): Store {
  return {
    name: 'memory',
    async create(key, bytes) {
      await turn(`create ${key}`)
      if (objects.has(key)) return 'taken'
      objects.set(key, bytes)
      return 'created'
    },
    async put(key, bytes) {
      await turn(`put ${key}`)
      objects.set(key, bytes)
    },
    async read(key, most) {
      await turn(`read ${key}`)
      const found = objects.get(key) ?? null
      if (found !== null && found.length > most) throw new StoreError('memory', 'damaged', 'holds too much')
      return found
    },
    async size(key) {
      await turn(`size ${key}`)
      return objects.get(key)?.length ?? null
    },
    async list(prefix) {
      await turn(`list ${prefix}`)
      return [...objects.keys()].filter(key => key.startsWith(`${prefix}/`)).sort()
    },
    async remove(key) {
      await turn(`remove ${key}`)
      objects.delete(key)
    },
    address: null,
    close() {},
  }
}
