function robotWalk(commands: string[]): number[] {
  let [x, y] = [0, 0];
  let [dx, dy] = [0, 1];
  for (const command of commands) {
    if (command === "L") {
      [dx, dy] = [-dy, dx];
    } else if (command === "R") {
      [dx, dy] = [dy, -dx];
    } else if (/^F\d+$/.test(command)) {
      const distance = Number(command.slice(1));
      x += dx * distance;
      y += dy * distance;
    } else {
      throw new Error(`unknown command ${command}`);
    }
  }
  const direction = dy === 1 ? 0 : dx === 1 ? 1 : dy === -1 ? 2 : 3;
  return [x, y, direction];
}
