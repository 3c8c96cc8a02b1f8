import { inCi } from '../../text/in-ci.js'

export type RendererKind = 'tty' | 'plain' | 'jsonl' | 'github'

/** The renderer that suits where stderr leads to, when the user asks for none (`auto`). */
export function rendererKind(
  asked: RendererKind | 'auto',
  stderr: { readonly isTTY: boolean; readonly columns: number },
  env: Readonly<Record<string, string | undefined>>,
): RendererKind {
  if (asked !== 'auto') return asked === 'tty' && !(stderr.isTTY && stderr.columns > 0) ? 'plain' : asked
  if (env.GITHUB_ACTIONS === 'true') return 'github'
  return stderr.isTTY && stderr.columns > 0 && !inCi(env) && env.TERM !== 'dumb' ? 'tty' : 'plain'
}
