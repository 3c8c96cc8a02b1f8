import { version } from '../../package.js'
import { escapeLine } from '../../text/escape.js'

/** Posts a body as JSON; why it was not taken, null when it was. A redirect is not followed: it might lead to anybody. */
export async function post(url: string, body: object, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': `clonedeploy/${version()}` },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal,
    })
    await response.body?.cancel()
    return response.ok ? null : `it answered ${response.status}`
  } catch (error) {
    return signal.aborted ? String(signal.reason) : whyNot(error)
  }
}

/** `fetch failed` says nothing; its cause does. */
function whyNot(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown }
  const { code, message } = (cause ?? error) as { readonly code?: string; readonly message?: string }
  return escapeLine(message || code || 'it could not be reached', 200)
}
