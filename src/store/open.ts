import type { StoreConfig } from '../config/config.js'
import { folderStore } from './folder.js'
import type { Store } from './store.js'

/** The SDK of S3 is loaded for a store in S3 only. */
export async function openStore(config: StoreConfig): Promise<Store> {
  if (config.kind === 'folder') return folderStore(config.dir)
  const { s3Store } = await import('./s3.js')
  return s3Store(config)
}
