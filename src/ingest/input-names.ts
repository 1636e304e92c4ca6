/** Inputs are named by their base name; where two would be the same, by their shortest differing path. */
export function inputNames(paths: readonly string[]): readonly string[] {
  const pieces = paths.map((path) => path.split(/[\\/]+/).filter((piece) => piece !== '' && piece !== '.'));
  return pieces.map((own, index) => {
    for (let length = 1; length <= own.length; length += 1) {
      const name = own.slice(-length).join('/');
      const clash = pieces.some((other, at) => at !== index && other.slice(-length).join('/') === name);
      if (!clash) return name;
    }
    return own.join('/');
  });
}
