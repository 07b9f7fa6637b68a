function spiralOrder(table) {
  if (table.length === 0) {
    return [];
  }
  const [first, ...rest] = table;
  const turned = rest.length === 0 ? [] : rest[0].map((_, column) => rest.map((row) => row[column])).reverse();
  return [...first, ...spiralOrder(turned)];
}
