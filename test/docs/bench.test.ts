import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Measured, tableOf, withTable } from '../bench/table.js'

it('docs/performance.md has the table of what bench:quick measured, and no other figures there', () => {
  const file = 'test/bench/quick.json'
  const measured = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
  const text = readFileSync('docs/performance.md', 'utf8')
  expect(withTable(text, measured)).toBe(text)
})

it('the table of bench:quick names machine, disk and load, and how to run each row again', () => {
  const row = {
    name: 'status',
    peer: 'ssh and readlink',
    peerSeconds: 0.2,
    seconds: 0.3,
    roundTrips: null,
    bytes: null,
  }
  const measured: Measured = {
    ...{ date: '2026-12-01', machine: 'Linux 6.1, 2 × CPU', disk: 'ext4 on /dev/vda', beside: 'load averages of 0.1' },
    ...{ hosts: 2, files: 1000, rounds: 5, rows: [{ ...row, again: 'npm run bench:quick -- status' }] },
  }
  expect(tableOf(measured).split('\n')).toEqual([
    '2026-12-01: Linux 6.1, 2 × CPU; disk: ext4 on /dev/vda; beside it: load averages of 0.1. 2 hosts, 1000 files, no latency, medians of 5 in seconds of whole processes.',
    '',
    '|  | peer | seconds | clonedeploy | ratio | round trips a host | sent a host | run it again |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    '| status | ssh and readlink | 0.20 | 0.30 | 1.50 |  |  | `npm run bench:quick -- status` |',
    '',
  ])
})
