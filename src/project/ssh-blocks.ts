/** A block of an ssh configuration. */
export interface SshBlock {
  readonly alias: string
  readonly options: readonly (readonly [name: string, value: string])[]
}

/** Lines of an ssh_config. A value with a line break would be a line of its own, so it is left out. */
export function sshConfigLines(blocks: readonly SshBlock[]): readonly string[] {
  return blocks.flatMap(({ alias, options }) => [
    `Host ${alias}`,
    ...options.flatMap(([name, value]) => (/[\r\n]/.test(value) ? [] : [`  ${name} ${value}`])),
  ])
}
