function editDistance(first, second) {
  let previous = Array.from({ length: second.length + 1 }, (_, column) => column);
  [...first].forEach((letter, row) => {
    const current = [row + 1];
    for (let column = 1; column <= second.length; column++) {
      const replaced = previous[column - 1] + (letter === second[column - 1] ? 0 : 1);
      current.push(Math.min(previous[column] + 1, current[column - 1] + 1, replaced));
    }
    previous = current;
  });
  return previous[second.length];
}
