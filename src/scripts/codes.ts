/** What a script's exit code means. 0 is done; everything not listed is the failure of a command in it. */
export const codes = {
  locked: 75,
  releaseMissing: 76,
  linkedFileMissing: 77,
  currentChanged: 78,
  fenced: 79,
  sameFolder: 80,
  notIntact: 81,
  late: 82,
  decided: 83,
  rename: 84,
  unresolved: 85,
  exists: 86,
  unpack: 87,
  folder: 88,
  relay: 89,
  hook: 90,
} as const
