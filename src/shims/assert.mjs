// Stands in for the module of that name, of which yargs uses these two: loading it takes half a millisecond at every
// start, and what it says of a difference is never shown.
export function strictEqual(actual, expected, message) {
  if (!Object.is(actual, expected)) throw new Error(message);
}

export function notStrictEqual(actual, expected, message) {
  if (Object.is(actual, expected)) throw new Error(message);
}
