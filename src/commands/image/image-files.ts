import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { BootSettings } from '../../scripts/boot/boot-script.js'

/** A machine that brings itself up, as the files of its image describe it. */
export interface Machine {
  readonly app: string
  readonly stage: string
  /** Of its unit, its script and its folders. */
  readonly name: string
  /** The login that its fleet deploys as. */
  readonly user: string
  /** Names of variables that hooks need, and no store has. */
  readonly secrets: readonly string[]
  /** Files of shared/ that a release links, and the machine has to have. */
  readonly shared: readonly string[]
  /** Whether commands are run for a release. */
  readonly runs: boolean
  /** Whether its health is asked by an address. */
  readonly asksByCurl: boolean
  readonly settings: BootSettings
}

/** Where its script lies. */
export function scriptPath({ name }: Machine): string {
  return `/usr/local/lib/${name}`
}

/** The file of root's that holds its credentials and secrets. */
export function environmentPath({ name }: Machine): string {
  return `/etc/clonedeploy/${name}.env`
}

/** Whether the readiness file is below the folder of the unit in /run, which is empty after a reboot. */
export function isInRun({ name, settings }: Machine): boolean {
  return dirname(settings.ready) === `/run/${name}`
}

/** Runs at every boot; tries again while it fails. What it started goes on when it has ended. */
export function unit(machine: Machine): string {
  const { app, stage, name, user } = machine
  const folder = [`RuntimeDirectory=${name}`, 'RuntimeDirectoryMode=0755', 'RuntimeDirectoryPreserve=yes']
  return `${[
    '[Unit]',
    `Description=Brings this machine to the confirmed release of ${oneLine(app)} (${oneLine(stage)})`,
    'Wants=network-online.target',
    'After=local-fs.target remote-fs.target network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    `User=${user}`,
    `EnvironmentFile=-${environmentPath(machine)}`,
    ...(isInRun(machine) ? folder : []),
    `ExecStart=/bin/sh ${scriptPath(machine)}`,
    'KillMode=process',
    'TimeoutStartSec=infinity',
    'Restart=on-failure',
    'RestartSec=30',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ].join('\n')}\n`
}

/** An example of its credentials and secrets: every line is a comment. */
export function environment(machine: Machine): string {
  const { secrets, settings } = machine
  const keys = [
    '# Keys that may only read the bucket; without them, the role of the instance is asked.',
    '#CLONEDEPLOY_S3_KEY_ID=',
    '#CLONEDEPLOY_S3_SECRET=',
  ]
  const login = [
    '# The name and the password that the web server asks for, if it does: NAME:PASSWORD',
    '#CLONEDEPLOY_STORE_LOGIN=',
  ]
  const needed = ['# What the hooks of the release need, and no store has.', ...secrets.map(name => `#${name}=`)]
  return `${[
    `# Save it as ${environmentPath(machine)}, owned by root, with mode 600.`,
    ...(settings.place.kind === 's3' ? keys : settings.place.kind === 'web' ? login : []),
    ...(secrets.length > 0 ? needed : []),
  ].join('\n')}\n`
}

/** For an image that has nothing of it yet. The files are compressed: EC2 takes 16 kB of user data. */
export function cloudInit(machine: Machine, script: string): string {
  const { name, user } = machine
  const file = (path: string, mode: string, text: string) => [
    `  - path: ${path}`,
    `    permissions: '${mode}'`,
    '    encoding: gz+b64',
    `    content: ${gzipSync(text, { level: 9 }).toString('base64')}`,
  ]
  return `${[
    '#cloud-config',
    `# For an image without the files of clonedeploy. ${environmentPath(machine)} is not in it: whoever reads user data would have its keys.`,
    'write_files:',
    ...file(scriptPath(machine), '0755', script),
    ...file(`/etc/systemd/system/${name}.service`, '0644', unit(machine)),
    'runcmd:',
    `  - [sh, -c, ${JSON.stringify(folderCommand(machine, user))}]`,
    '  - [systemctl, daemon-reload]',
    `  - [systemctl, enable, ${name}.service]`,
    `  - [systemctl, start, --no-block, ${name}.service]`,
  ].join('\n')}\n`
}

/** Steps for the `build` of a template of Packer's, whose login may use sudo. */
export function packer(machine: Machine): string {
  const { name, user } = machine
  const lines = [
    `sudo install -m 755 /tmp/${name}.sh ${scriptPath(machine)}`,
    `sudo install -m 644 /tmp/${name}.service /etc/systemd/system/${name}.service`,
    folderCommand(machine, user, 'sudo '),
    `sudo systemctl enable ${name}.service`,
  ]
  return `# Put these into the build block of your template.
provisioner "file" {
  source      = "\${path.root}/boot.sh"
  destination = "/tmp/${name}.sh"
}
provisioner "file" {
  source      = "\${path.root}/${name}.service"
  destination = "/tmp/${name}.service"
}
provisioner "shell" {
  inline = [
${lines.map(line => `    ${hclText(line)},`).join('\n')}
  ]
}
`
}

/** Makes deployTo for the login, unless it is there. */
function folderCommand({ settings: { deployTo } }: Machine, user: string, sudo = ''): string {
  if (!deployTo.startsWith('/')) return ':'
  const folder = `'${deployTo.replaceAll("'", `'\\''`)}'`
  return `[ -d ${folder} ] || ${sudo}install -d -o ${user} ${folder}`
}

function hclText(text: string): string {
  return JSON.stringify(text).replaceAll('${', '$${').replaceAll('%{', '%%{')
}

function oneLine(text: string): string {
  return text.replace(/[\r\n%]+/g, ' ')
}
