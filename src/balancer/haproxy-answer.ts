import type { ServerState } from './balancer.js'

/** Bits of `srv_admin_state`: maintenance that was said here, inherited, or by DNS; drain that was said here, or inherited. */
const maint = 0x01 | 0x02 | 0x20
const drain = 0x08 | 0x10

/** What `show servers state` and `show stat` say of the servers of a backend, by their names. */
export function readServers(answer: string, backend: string): ReadonlyMap<string, ServerState> {
  const sessions = sessionsIn(answer, backend)
  const lines = answer.split('\n')
  const heading = lines.find(line => line.startsWith('# be_id ')) ?? ''
  const column = (name: string) => heading.slice(2).split(' ').indexOf(name)
  const at = {
    backend: column('be_name'),
    name: column('srv_name'),
    running: column('srv_op_state'),
    admin: column('srv_admin_state'),
    weight: column('srv_uweight'),
  }
  const rows = lines.map(line => line.split(' ')).filter(fields => fields[at.backend] === backend && fields.length > 6)
  return new Map(
    rows.map(fields => {
      const name = fields[at.name] ?? ''
      const told = stateOf(Number(fields[at.admin]), Number(fields[at.weight]))
      // 0: stopped, 3: going down softly.
      const runs = ['1', '2'].includes(fields[at.running] ?? '')
      return [name, { state: told, up: told === 'ready' && runs, sessions: sessions.get(name) ?? 0 }]
    }),
  )
}

/** A weight of 0 keeps new users away as a drain does. */
function stateOf(admin: number, weight: number): 'ready' | 'drain' | 'maint' {
  if ((admin & maint) !== 0) return 'maint'
  return (admin & drain) !== 0 || weight === 0 ? 'drain' : 'ready'
}

/** Users that are served or wait in line. */
function sessionsIn(answer: string, backend: string): ReadonlyMap<string, number> {
  const lines = answer.split('\n')
  const start = lines.findIndex(line => line.startsWith('# pxname,'))
  const columns = (lines[start] ?? '').slice(2).split(',')
  const of = (fields: readonly string[], name: string) => Number(fields[columns.indexOf(name)] || 0)
  const rows = lines.slice(start + 1).map(line => line.split(','))
  return new Map(
    rows.flatMap(fields =>
      fields[0] === backend ? [[fields[1] ?? '', of(fields, 'scur') + of(fields, 'qcur')] as const] : [],
    ),
  )
}
