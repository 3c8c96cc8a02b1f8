import { environmentPath, isInRun, type Machine, scriptPath } from './image-files.js'

/** What whoever makes the image has to know: what to bake, and what the machine may read. */
export function readme(machine: Machine): string {
  const { app, stage, name, user, settings } = machine
  return `# A clone of ${app} (${stage}) that brings itself up

\`boot.sh\` runs at every boot of the machine, as ${user}. It reads in the store which release the fleet has confirmed, installs and starts that one in \`${settings.deployTo}\`, looks into the store once more, and then makes the file \`${settings.ready}\`. Whoever sends users to the machine has to ask for that file first: while it is not there, the machine may have old code, or none.

## What to bake

- \`boot.sh\` as \`${scriptPath(machine)}\`, and \`${name}.service\` in \`/etc/systemd/system\`, enabled. \`provisioner.pkr.hcl\` has the steps for Packer; \`user-data\` does the same by cloud-init on an image that has nothing yet.
- The login \`${user}\`, and \`${settings.deployTo}\`, which it may write.
- ${programs(machine)}
${list(shared(machine), run(machine))}- Nothing else of a deploy: the first boot fetches the release. To have it in the image, run \`sh ${scriptPath(machine)}\` as ${user} while you make it, and then \`sh ${scriptPath(machine)} bake\`, which takes from the image what is that one machine's: locks, the records of deploys, the readiness file.

${ready(machine)}

## What it may read

${access(machine)}

${belief(machine)}

Secrets and keys are in \`${environmentPath(machine)}\`, owned by root with mode 600, which systemd reads (\`${name}.env\` shows its form). Bake them only into images that nobody else can read.

## What it says

\`journalctl -u ${name}\` and \`${settings.deployTo}/.clonedeploy/boot\` say why a machine is not ready. Exit codes: 2 its command line or folder is wrong, 3 the store cannot be read or has nothing to serve, 4 a deploy was at work or a lock was held for more than ${settings.wait} s, 5 the release could not be installed, started or confirmed, 6 a deploy is in charge of the machine and it does not serve what is confirmed. The unit tries again every 30 s.

## Afterwards

A machine that is up does not follow later deploys by itself: have your inventory list it, and the next deploy takes it along. From then on deploys are in charge of it: at a boot, the script changes nothing any more, and makes the readiness file only if the machine serves what is confirmed.
`
}

function programs({ settings: { place, signers }, asksByCurl }: Machine): string {
  const base = `A POSIX \`sh\`, tar, gzip, coreutils, findutils, grep and sed, or busybox with them${signers === null ? '' : '; `ssh-keygen` of OpenSSH 8.8 or later'}`
  if (place.kind === 's3') return `${base}; and curl that knows \`--aws-sigv4\`.`
  const fetch = place.kind === 'web' ? '; and curl, or wget of GNU' : ''
  return `${base}${fetch}${asksByCurl ? '; and curl, which asks for the health of the app' : ''}.`
}

/** Whom the machine believes. */
function belief({ settings: { signers } }: Machine): string {
  if (signers === null)
    return 'It believes every generation there: whoever may write in the store says what it serves. With `sign` and `allowedSigners` in the configuration, it would believe only what these have signed.'
  return `It believes only generations that are signed by those who might sign when these files were written; \`boot.sh\` has their keys. When you take a key out of \`allowedSigners\`, or sign with another, make the image again: an older one goes on believing the old keys, and none but them.`
}

function shared({ shared: files, settings }: Machine): string | null {
  if (files.length === 0) return null
  return `The files that a release links: ${files.map(file => `\`${settings.deployTo}/shared/${file}\``).join(', ')}.`
}

function run({ runs, secrets }: Machine): string | null {
  if (!runs) return null
  const known = secrets.length === 0 ? '' : ` They need ${secrets.map(one => `\`${one}\``).join(', ')}; see below.`
  return `What the hooks of the release need, such as its runtime, and leave to restart its service, as on every host.${known}`
}

function list(...points: readonly (string | null)[]): string {
  return points.flatMap(point => (point === null ? [] : [`- ${point}\n`])).join('')
}

function ready(machine: Machine): string {
  const { settings } = machine
  const text =
    'The unit of the app may be enabled as on every host: what it starts with meets nobody before the file is there.'
  if (isInRun(machine)) return text
  return `${text} \`${settings.ready}\` has to lie where nothing outlasts a reboot, such as below /run: a file that does would be there until the script begins.`
}

function access({ settings: { place, app, stage } }: Machine): string {
  switch (place.kind) {
    case 'path':
      return `The folder \`${place.dir}\`, as it is mounted on the machine.`
    case 'web':
      return `What ${place.url} serves, which is the folder of the store. Whoever can read that can read all of the app, so let it ask for a password (\`CLONEDEPLOY_STORE_LOGIN\`; needs curl), or serve known machines only; a cache before it must not keep what is not there.`
    case 's3': {
      const below = place.prefix === '' ? '' : `${place.prefix}/`
      return `The bucket \`${place.bucket}\`: \`s3:GetObject\` below \`${below}${app}/artifacts/\` and \`${below}${app}/stages/${stage}/generations/\`, and \`s3:ListBucket\`, without which S3 answers 403 and not 404 for what is not there. Nothing to write. Give it to the role of the instance, which the script asks for by IMDSv2, or to a key of its own (\`CLONEDEPLOY_S3_KEY_ID\`, \`CLONEDEPLOY_S3_SECRET\`).`
    }
  }
}
