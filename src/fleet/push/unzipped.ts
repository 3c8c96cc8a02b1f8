import { gunzipSync } from 'node:zlib'

/** Bytes of the longest manifest, or list of its files' times, that a host is believed. */
export const longestList = 128 << 20

/** What a host zipped; null when that is no gzip, or more than `most` bytes: a megabyte can hold a gigabyte. */
export function unzipped(gzipped: Buffer, most: number): Buffer | null {
  try {
    return gunzipSync(gzipped, { maxOutputLength: Math.max(1, most) })
  } catch {
    return null
  }
}
