/** Whether nobody sits in front of it: every CI says so. */
export function inCi({ CI = '' }: Readonly<Record<string, string | undefined>>): boolean {
  return CI !== '' && CI !== 'false'
}
