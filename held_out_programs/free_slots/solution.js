function freeSlots(meetings, opens, closes, shortest) {
  const slots = [];
  let free = opens;
  const byStart = [...meetings].sort(([a], [b]) => a - b);
  for (const [start, end] of [...byStart, [closes, closes]]) {
    slots.push([free, Math.min(start, closes)]);
    free = Math.max(free, end);
  }
  return slots.filter(([start, end]) => end - start >= shortest);
}
