/**
 * Lets the engine compile what runs often a little later than it would: most
 * of what it picks early in a run of seconds is not worth it, and the sixth
 * part of the time goes into compiling. Only for large inputs: code that was
 * compiled by a process with another setting is of no use to the next one, and
 * the build keeps what it compiled for a small log.
 */
export async function compileLate(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  // Units of executed code; 66 to 135 thousand in the versions of Node.js from 20 to 24.
  setFlagsFromString('--interrupt-budget=300000');
}
