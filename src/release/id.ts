const pattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/

/** Release id `YYYYMMDD-HHMMSS-<first 7 of revision or digest>`, UTC, equal on every host. */
export function releaseId(now: Date, revision: string | null, digest: string): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${(revision ?? digest.replace('sha256:', '')).slice(0, 7)}`
}

/** Whether a name may be used as a release id: letters, digits, `.`, `_`, `-`; at most 64; not a dotfile or option. */
export function isReleaseId(name: string): boolean {
  return pattern.test(name)
}

/** `touch -t` stamp (UTC) for every file of a release: equal on all hosts, new with every release, so caches are right. */
export function touchStamp(id: string): string {
  const found = /^(\d{8})-(\d{4})(\d{2})-/.exec(id)
  return found ? `${found[1]}${found[2]}.${found[3]}` : '200001010000.00'
}
