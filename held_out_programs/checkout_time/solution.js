function checkoutTime(minutes, tills) {
  if (tills < 1) {
    throw new Error("there is no till");
  }
  const freeAt = new Array(tills).fill(0);
  for (const needed of minutes) {
    const first = freeAt.indexOf(Math.min(...freeAt));
    freeAt[first] += needed;
  }
  return Math.max(...freeAt);
}
