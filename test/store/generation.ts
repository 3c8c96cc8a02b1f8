import type { Generation, StoredRelease } from '../../src/store/generation.js'

/** A release by its number. */
export function storedRelease(n: number): StoredRelease & { readonly digest: string } {
  const digest = `sha256:${String(n).padStart(64, '0')}`
  return { release: `2026120${n}-120000-000000${n}`, digest, revision: null, clone: { deployTo: '/srv/shop' } }
}

export function generation(own: Partial<Generation> = {}): Generation {
  return {
    number: 1,
    tx: 'tx',
    state: 'pending',
    command: 'deploy',
    app: 'shop',
    stage: 'production',
    hosts: ['web-1', 'web-2'],
    by: 'anna',
    at: '2026-12-01T12:00:00.000Z',
    process: null,
    target: storedRelease(2),
    confirmed: storedRelease(1),
    reason: null,
    bad: [],
    ...own,
  }
}
