function compareVersions(first: string, second: string): number {
  const [one, other] = [parse(first), parse(second)];
  const length = Math.max(one.length, other.length);
  const differences = Array.from({ length }, (_, k) => (one[k] ?? 0) - (other[k] ?? 0));
  return Math.sign(differences.find((difference) => difference !== 0) ?? 0);
}

function parse(version: string): number[] {
  return version.split(".").map((part) => {
    if (!/^\d+$/.test(part)) {
      throw new Error(`no version: ${version}`);
    }
    return Number(part);
  });
}
