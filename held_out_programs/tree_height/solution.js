function treeHeight(parents) {
  let height = 0;
  let level = parents.flatMap((parent, node) => (parent === -1 ? [node] : []));
  let reached = level.length;
  while (level.length > 0) {
    height++;
    level = parents.flatMap((parent, node) => (level.includes(parent) ? [node] : []));
    reached += level.length;
  }
  if (reached < parents.length) {
    throw new Error("a node is its own ancestor");
  }
  return height;
}
