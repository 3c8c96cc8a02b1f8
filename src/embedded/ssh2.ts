/** The one door to the package ssh2 in this folder; it is loaded when the first host starts. */
export async function loadSsh2(): Promise<typeof import('ssh2')> {
  return (await import('ssh2')).default
}
