/**
 * Zero, for a field whose values outgrow 31 bits or have fractions. V8 keeps a
 * field that begins with 0 as a small integer; the first other value remakes
 * the object, and all code that reads it is compiled once more. -0 it keeps as
 * a double from the start, and adds and compares as 0.
 */
export const REAL_ZERO = -0;
