function spiralOrder(table: number[][]): number[] {
  const order: number[] = [];
  let rest = table;
  while (rest.length > 0) {
    const [first, ...others] = rest;
    order.push(...first);
    rest = first.map((_, column) => others.map((row) => row[column])).reverse();
    if (others.length === 0) {
      break;
    }
  }
  return order;
}
