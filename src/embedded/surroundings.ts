import { userInfo } from 'node:os'
import { delimiter, dirname } from 'node:path'
import type { Surroundings } from './session.js'

/** The login of every embedded host: whoever runs this process, because that is who its commands run as. */
export function loginName(): string {
  try {
    return userInfo().username
  } catch {
    return 'demo' // a container may run as a number without a name
  }
}

/** The environment of a command on a host: little, as under sshd, with this process's `node` in reach. */
export function surroundings(name: string, home: string, port: number): Surroundings {
  const login = loginName()
  return {
    home,
    env: {
      HOME: home,
      USER: login,
      LOGNAME: login,
      SHELL: '/bin/sh',
      PATH: withNode(process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'),
      CLONEDEPLOY_EMBEDDED_HOST: name,
      APP_PORT: String(port),
    },
  }
}

function withNode(path: string): string {
  const folder = dirname(process.execPath)
  return path.split(delimiter).includes(folder) ? path : `${path}${delimiter}${folder}`
}
