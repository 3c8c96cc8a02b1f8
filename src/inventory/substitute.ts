const variable = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g

/** Puts `$NAME` and `${NAME}` of the given variables into a text; an unknown name stands as it is. */
export function substitute(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(variable, (whole, braced, bare) => variables[braced ?? bare] ?? whole)
}

/** The names of the variables in a text. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(variable)].map(([, braced, bare]) => braced ?? bare ?? '')
}
