import { inCi } from '../../text/in-ci.js'
import { type Output, systemClock } from '../output.js'
import { createPaint } from '../paint.js'
import { githubRenderer } from './github.js'
import { jsonlRenderer } from './jsonl.js'
import { plainRenderer } from './plain.js'
import type { Renderer, RendererOptions } from './renderer.js'
import { ttyRenderer } from './tty.js'

/** The renderer of this kind. Progress goes to stderr, the result to stdout; jsonl goes to stdout alone. */
export async function createRenderer(
  kind: RendererKind,
  output: Output,
  options: RendererOptions = {},
): Promise<Renderer> {
  const settings = {
    verbosity: options.verbosity ?? 'normal',
    json: options.json ?? false,
    clock: options.clock ?? systemClock,
    env: options.env ?? {},
  }
  if (kind === 'jsonl') return jsonlRenderer(output.stdout, settings.clock)
  const paint = await createPaint(output.terminal.stderr.level)
  if (kind === 'github') return githubRenderer(output, paint, settings)
  if (kind === 'tty' && settings.verbosity !== 'quiet') {
    return ttyRenderer(output, paint, settings)
  }
  return plainRenderer(output, paint, settings)
}

type RendererKind = 'tty' | 'plain' | 'jsonl' | 'github'

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
