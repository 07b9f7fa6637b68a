function compareVersions(first, second) {
  const one = numbers(first);
  const other = numbers(second);
  for (let k = 0; k < Math.max(one.length, other.length); k++) {
    const difference = (one[k] ?? 0) - (other[k] ?? 0);
    if (difference !== 0) {
      return Math.sign(difference);
    }
  }
  return 0;
}

function numbers(version) {
  if (!/^\d+(\.\d+)*$/.test(version)) {
    throw new Error(`no version: ${version}`);
  }
  return version.split(".").map(Number);
}
