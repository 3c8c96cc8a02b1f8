import type { StoreConfig } from '../config/config.js'

/** For people: `s3://acme-deploys/shop`, or the folder. */
export function storeName(config: StoreConfig): string {
  if (config.kind === 'folder') return config.dir
  const { bucket, prefix } = config
  return `s3://${prefix === '' ? bucket : `${bucket}/${prefix}`}`
}
