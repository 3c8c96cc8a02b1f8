import { basename, join } from 'node:path'
import { account, user } from '../support/account.js'
import type { Place } from '../support/sshd.js'
import type { At, Kind } from './kind.js'

/** Its deployTo is in that folder. */
const within = (name: string) => ({
  host: (at: At) => ({ deployTo: join(at.folder, name, basename(at.deployTo)) }),
})
/** The same in a folder that these lines make. */
const made = (lines: string) => ({
  world: (at: Place) => [`cd '${at.folder}'; mkdir odd; ${lines}; cd /`],
  ...within('odd'),
})
const mounted = (options: string) => made(`mount -t tmpfs -o ${options} tmpfs odd`)
const limited = (limit: string): Partial<Kind> => ({
  sshd: () => [`ForceCommand ulimit ${limit}; exec sh -c "$SSH_ORIGINAL_COMMAND"`],
})
const mine = { world: (at: Place) => account(at, {}) }

/** Where it keeps its releases. */
export const folders: readonly Kind[] = [
  { name: 'behind-a-link', ...made('ln -s odd link'), ...within('link') },
  { name: 'odd-letters', ...within('an app\'s Größe, "買い物" $HOME * \\') },
  { name: 'in-the-home', ...mine, host: at => ({ user, deployTo: `apps/${basename(at.deployTo)}` }) },
  { name: 'in-memory', ...mounted('size=20m') },
  {
    name: 'on-an-overlay',
    ...made(
      'mount -t tmpfs tmpfs odd; mkdir odd/l odd/u odd/w; mount -t overlay -o lowerdir=odd/l,upperdir=odd/u,workdir=odd/w overlay odd',
    ),
  },
  { name: 'on-ext4', ...made('truncate -s 32M disk; mkfs.ext4 -q disk; mount -o loop disk odd') },
  { name: 'noexec', ...mounted('noexec,nosuid,nodev') },
  { name: 'read-only', ...mounted('ro'), refused: ['which is mounted read-only', 'remount,rw'] },
  { name: 'no-room', ...mounted('size=1m'), refused: ['too little disk space', 'make room on'] },
  { name: 'no-inodes', ...mounted('nr_inodes=9'), refused: ['too few inodes', 'make room on'] },
  {
    name: 'of-another-user',
    world: at => [...account(at, {}), `mkdir '${at.folder}/odd'`],
    host: at => ({ user, ...within('odd').host(at) }),
    refused: ['deploy may not write in', 'sudo install -d -o deploy'],
  },
  { name: 'default-acl', needs: 'setfacl', ...made('setfacl -d -m u:nobody:r-x,o::--- odd') },
  { name: 'setgid', ...made('chgrp 12345 odd; chmod 2775 odd') },
  {
    name: 'noexec-tmp',
    world: () => ['mount -t tmpfs -o noexec tmpfs /var/tmp', 'mount -t tmpfs -o noexec tmpfs /tmp'],
  },
  {
    name: 'read-only-tmp',
    world: at => [...account(at, {}), 'mount -t tmpfs -o ro tmpfs /var/tmp', 'mount -t tmpfs -o ro tmpfs /tmp'],
    host: () => ({ user }),
  },
  { name: 'no-proc', world: () => ['mount -t tmpfs tmpfs /proc'] },
  { name: 'small-files', ...limited('-f 4000') },
  { name: 'few-open-files', ...limited('-n 16') },
]
