/** Where each kind of docs/hosts.md is tried: by a name of `kinds`, or by a file and words of a test in it. */
export const told: Readonly<Record<string, readonly (string | readonly [file: string, words: string])[]>> = {
  'a login shell: bash, dash, zsh, fish, tcsh, busybox': ['bash', 'dash', 'zsh', 'fish', 'tcsh'],
  'a slow start-up file': ['slow-shell'],
  'a start-up file that fails, or sets options, a umask, aliases, functions': [
    ...['failing-start-up', 'strict-start-up', 'umask-077', 'umask-000', 'aliases'],
  ],
  'a start-up file that ends the shell, starts another or never ends': [
    ...['ending-start-up', 'another-shell'],
    ['e2e/unreachable', 'hangs in a start-up file'],
  ],
  'a restricted shell, `nologin`, `/bin/false`, `/etc/nologin`': [
    ...['restricted-shell', 'nologin', 'shell-of-false', 'etc-nologin'],
  ],
  'a shell that does not exist': ['shell-that-is-gone'],
  'a user without a home, or with one that is read-only': ['no-home', 'read-only-home', 'no-home-variable'],
  'a forced command that runs what was asked': ['own-command'],
  'any other forced command, SFTP alone, also in a chroot': [
    ...['other-command', 'key-with-command', 'sftp-only', 'sftp-chroot'],
  ],
  'a shell in a chroot': ['chroot'],
  'no SFTP, no terminal': ['no-sftp', 'no-terminal'],
  'a key with `restrict`, `DisableForwarding`': [
    ...['restricted-key', 'no-forwarding'],
    ['e2e/unreachable', 'does not let health checks through'],
  ],
  'a banner, a message of the day, an `sshrc`': ['banner', 'sshrc'],
  'a key that has expired, or counts from another address only': ['expired-key', 'key-from-elsewhere'],
  'a password, questions or a second factor': ['password-only', 'questions-only', 'second-factor'],
  'a user that sshd keeps out, such as root by `PermitRootLogin no`': ['no-root'],
  'a restart by `sudo`': [['e2e/services', 'sudo']],

  'an IPv6 address, a port, a `Match` block, a `ProxyCommand`': ['ipv6', 'match-block', 'proxy-command'],
  'options of yours: `ControlMaster`, `RemoteCommand`, `RequestTTY`, forwardings, `SendEnv`, `SetEnv`': [
    ...['control-master', 'remote-command', 'forwards', 'send-env'],
  ],
  'one jump host or two, also as another user': ['jump', 'two-jumps', 'jump-as-another'],
  'an unknown, changed or revoked host key': [
    ...['unknown-key-no', 'unknown-key-accept-new', 'unknown-key-ask', 'changed-key'],
    ['connection/host-keys', 'a revoked key is refused'],
  ],
  'a certificate of the user or of the host': ['user-certificate', 'host-certificate'],
  'many keys in the agent': [
    ['connection/auth', 'tries no more keys than a host allows'],
    ['connection/auth', 'shows no other keys of the agent with IdentitiesOnly'],
  ],
  'few sessions on a connection: 3, 2': ['three-sessions', 'two-sessions'],
  'one session on a connection, or none': ['one-session', 'no-session'],
  'few connections at a time (`MaxStartups`)': ['max-startups', ['connection/failures', 'it hangs up twice']],
  dropbear: [['e2e/busybox', 'a host with dropbear and busybox']],
  'post-quantum key exchange alone': ['post-quantum'],
  'ChaCha20 alone, in strict key exchange': ['chacha20'],
  'ChaCha20 alone, in plain key exchange (tinysshd before 2024)': ['tinysshd'],
  'SHA-1 or CBC alone': ['sha1-exchange', 'sha1-mac', 'cbc'],
  'compression, key exchange anew after every few kilobytes': ['compression', 'rekeying'],
  'a slow link, a stall, a reboot': [
    ['faults/slow', 'is waited for'],
    ['faults/stalls', 'a host on which nothing goes on'],
    ['faults/reboots', 'that reboots before its command'],
  ],

  'a `deployTo` behind a link, in the home, or with spaces, quotes, any letters': [
    ...['behind-a-link', 'in-the-home', 'odd-letters'],
  ],
  'a file system of its own: tmpfs, ext4, overlay': ['in-memory', 'on-ext4', 'on-an-overlay'],
  'a `deployTo` or `/tmp` where nothing may be run (`noexec`), a read-only `/tmp`': [
    ...['noexec', 'noexec-tmp', 'read-only-tmp'],
  ],
  'a default ACL, a setgid folder': ['default-acl', 'setgid'],
  'a read-only, full or foreign `deployTo`': ['read-only', 'no-room', 'no-inodes', 'of-another-user'],
  'limits on open files and file sizes': ['few-open-files', 'small-files'],
  'no `/proc`': ['no-proc'],
  'two hosts that are one folder': [['e2e/refusing', 'where two hosts are the same folder'], 'same-machine'],
  'NFS, disk quotas': [],

  'busybox alone, or toybox': [['e2e/busybox', 'a host that has busybox and nothing else'], 'toybox'],
  '`sh` is bash': ['sh-is-bash', 'idle-logout'],
  'no `timeout`, `setsid`, `zstd`, `ps`, `id`': ['fewest-tools'],
  'no tar, gzip or sha256sum': ['no-tar', 'no-gzip', 'no-sha256sum'],
  'locales: POSIX, Turkish, one that is not installed': ['locale-posix', 'locale-turkish', 'locale-not-installed'],
  'a far time zone, or one that does not exist': ['time-zone', 'time-zone-of-none'],
  'a clock that is wrong': [['faults/clocks', 'are hours apart']],
  'variables that change what tools do: `POSIXLY_CORRECT`, `TAR_OPTIONS`, `BLOCK_SIZE` …': [
    ...['posixly-correct', 'meddling-variables', 'shell-variables'],
  ],
  'Windows, macOS': [],
}
