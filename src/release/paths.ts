import { escapeLine } from '../text/escape.js'
import { isReleaseId, isTransactionId } from './id.js'

/** Every path on a host, relative to `deployTo`: scripts `cd` there first. */
export const paths = {
  current: 'current',
  releases: 'releases',
  shared: 'shared',
  records: '.clonedeploy',
  epochs: '.clonedeploy/epochs',
  journals: '.clonedeploy/tx',
  fleet: '.clonedeploy/fleet',
  history: '.clonedeploy/history',
  /** What the balancers were before a run changed them; only while it may still be otherwise. */
  drained: '.clonedeploy/drained',
  manifests: '.clonedeploy/manifests',
  /** Of the releases that are bad. */
  marks: '.clonedeploy/bad',
  /** The release that was warmed: while it is there, processes may run beside those that have the traffic. */
  warm: '.clonedeploy/warm',
  /** By their ports, links to the releases that run there: what a host starts again after a reboot. */
  ports: 'ports',
  /** While it is there, the app shall show that it is being worked on. */
  maintenance: 'shared/maintenance',
  port: (port: number) => `ports/${port}`,
  release: (id: string) => `releases/${releaseName(id)}`,
  manifest: (id: string) => `.clonedeploy/manifests/${releaseName(id)}`,
  seal: (id: string) => `.clonedeploy/manifests/${releaseName(id)}.seal`,
  /** Every file, link and folder as it was sealed, in the form of a manifest. */
  sealed: (id: string) => `.clonedeploy/manifests/${releaseName(id)}.sealed`,
  /** What the file system said of every file when it was checked last; only on hosts that can tell. */
  sheet: (id: string) => `.clonedeploy/manifests/${releaseName(id)}.sheet`,
  /** How it is started and asked: JSON, one line. */
  run: (id: string) => `.clonedeploy/manifests/${releaseName(id)}.run`,
  /** The fleet has once confirmed it. */
  confirmed: (id: string) => `.clonedeploy/manifests/${releaseName(id)}.confirmed`,
  bad: (id: string) => `.clonedeploy/bad/${releaseName(id)}`,
  tx: (tx: string) => `.clonedeploy/tx/${transactionName(tx)}`,
  incoming: (tx: string) => `.clonedeploy/incoming/${transactionName(tx)}`,
} as const

/** The id as a name in a path; throws for one that would lead elsewhere, which was to be refused where it was read. */
export function releaseName(id: string): string {
  if (!isReleaseId(id)) throw new Error(`${JSON.stringify(id)} is no release id`)
  return id
}

/** The same of a transaction. */
export function transactionName(id: string): string {
  if (!isTransactionId(id)) throw new Error(`${JSON.stringify(id)} is no transaction id`)
  return id
}

/** From a linked path inside a release to its place in shared/: `public/uploads` → `../../../shared/public/uploads`. */
export function sharedTarget(linked: string): string {
  return `${'../'.repeat(linked.split('/').length + 1)}shared/${linked}`
}

/** What a link leads to, for people: hosts tell it verbatim, whatever it is. */
export function inWords(target: string | null): string {
  return target === null ? '(absent)' : escapeLine(target)
}

/** The same without the folder of the releases; null: absent. */
export function releaseIn(target: string | null): string | null {
  return target === null ? null : escapeLine(target.replace(/^releases\//, ''))
}
