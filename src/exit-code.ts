/**
 * Exit codes of the command line; UX contract, tested. 0: done, or nothing to do. 1: a bug. 2: usage or configuration.
 * 3: nothing was changed. 4: locked. 5: failed, and every host is back. 6: the fleet needs a look. 7: data of users was found. 10: a dry run found changes.
 * 130, 143: stopped before anything was changed.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 10 | 130 | 143
