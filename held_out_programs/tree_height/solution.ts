function treeHeight(parents: number[]): number {
  const depths = new Map<number, number>();

  function depth(node: number, passed: Set<number>): number {
    if (node === -1) {
      return 0;
    }
    if (passed.has(node)) {
      throw new Error(`node ${node} is its own ancestor`);
    }
    const known = depths.get(node) ?? depth(parents[node], new Set(passed).add(node)) + 1;
    depths.set(node, known);
    return known;
  }

  return parents.reduce((height, _, node) => Math.max(height, depth(node, new Set())), 0);
}
