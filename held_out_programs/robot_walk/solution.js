function robotWalk(commands) {
  let [east, north, direction] = [0, 0, 0];
  for (const command of commands) {
    const ahead = /^F(\d+)$/.exec(command);
    if (command === "L" || command === "R") {
      direction = (direction + (command === "R" ? 1 : 3)) % 4;
    } else if (ahead) {
      const sign = direction < 2 ? 1 : -1;
      const distance = sign * Number(ahead[1]);
      if (direction % 2 === 0) {
        north += distance;
      } else {
        east += distance;
      }
    } else {
      throw new Error(`unknown command ${command}`);
    }
  }
  return [east, north, direction];
}
