import { type ShellText, sh } from '../shell/shell.js'
import { restoreFunction } from './dead-mans-switch.js'

interface BootResolver {
  readonly app: string
  readonly stage: string
  /** Every `deployTo` of the stage, as the config writes it; those that a host does not have are passed over. */
  readonly folders: readonly string[]
  /** Seconds without a sign of life after which a swap is put back. */
  readonly lease: number
  /** The login that deploys; null: not known here. */
  readonly user: string | null
}

/** What to put on a host so that a reboot in mid-transaction does not leave it on a release that nobody confirmed. */
interface BootFiles {
  readonly script: string
  readonly cron: string
  readonly unit: string
}

/**
 * The dead-man's switch again, for a host that was restarted between swap and confirmation: its own one died with it. It
 * decides by the same rename as everybody else, so a controller that still lives, and a repair, find one outcome.
 */
export function bootResolver(what: BootResolver): BootFiles {
  const name = `clonedeploy-boot-${what.app}-${what.stage}`.replace(/[^A-Za-z0-9._-]/g, '-')
  const path = `/usr/local/lib/${name}`
  const cron = `@reboot /bin/sh ${path}`
  const unit = [
    '[Unit]',
    `Description=Puts back what a deploy of ${oneLine(what.app)} (${oneLine(what.stage)}) left unconfirmed`,
    'After=local-fs.target remote-fs.target',
    '',
    '[Service]',
    'Type=oneshot',
    `User=${what.user ?? 'deploy'}`,
    `ExecStart=/bin/sh ${path}`,
    'KillMode=process',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ].join('\n')
  const whose = what.user === null ? ' (User: the login that deploys)' : ''
  const head = [
    '#!/bin/sh',
    `# At boot: puts back what a deploy of ${oneLine(what.app)} (${oneLine(what.stage)}) swapped and nobody confirmed.`,
    `# Save it on each host as ${path}, then do one of these two:`,
    '#',
    `# 1. crontab -e, as the login that deploys:`,
    `#      ${cron}`,
    '#',
    `# 2. /etc/systemd/system/${name}.service${whose}, then: systemctl enable ${name}`,
    ...unit.split('\n').map(line => `#      ${line}`.trimEnd()),
  ]
  return { script: `${[...head, '', resolve(what)].join('\n')}\n`, cron, unit }
}

/** One after the other, each for itself: a folder that cannot be used keeps nobody from the next. */
function resolve({ folders, lease }: BootResolver): ShellText {
  return sh`unset CDPATH
LC_ALL=C; export LC_ALL
umask 022
${resolveFunctions(lease)}
for D in ${folders}; do
  case $D in /*) ;; '~/'*) D=$HOME/\${D#'~/'} ;; *) D=$HOME/$D ;; esac
  ( cd -- "$D" 2>/dev/null || exit 0
  for X in .clonedeploy/tx/*; do resolveone; done ) </dev/null
done
exit 0`
}

/** `resolveone`, in `deployTo`: ends the transaction in $X if it swapped and nobody confirmed it, once its lease is over; or its way back, if that was cut off. */
export function resolveFunctions(lease: number): ShellText {
  return sh`${restoreFunction(sh`"releases/$next"`)}
# Ours when its lease is over by the clock; a clock may be wrong after a boot, so else by counting.
resolve() {
  n=0; seen=$(stat -c %Y "$X/lease") || return 0
  while [ -e "$X/undecided" ]; do
    age=$(( $(date +%s) - seen ))
    if [ "$n" -ge ${lease} ] || [ "$age" -gt ${lease} ]; then
      read -r next <"$X/next" && putback
      return 0
    fi
    sleep 1
    n=$((n+1)); l=$(stat -c %Y "$X/lease") && [ "$l" != "$seen" ] && seen=$l n=0
  done
}
# The power may have gone between the decision and the way back.
endback() {
  read -r next <"$X/next" && [ "$(readlink current)" = "releases/$next" ] || return 0
  if [ -L "$X/stage/revert/current" ] || [ -e "$X/stage/revert/absent" ]; then goback; fi
}
resolveone() {
  took "$X" || return 0
  if [ -e "$X/undecided" ]; then resolve
  elif [ -e "$X/outcome.reverted" ]; then endback; fi
}`
}

function oneLine(text: string): string {
  return text.replace(/[\r\n%]+/g, ' ')
}
