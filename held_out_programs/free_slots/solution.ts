function freeSlots(meetings: number[][], opens: number, closes: number, shortest: number): number[][] {
  const isTaken = (minute: number) => meetings.some(([start, end]) => start <= minute && minute < end);
  const slots: number[][] = [];
  let start: number | undefined;
  for (let minute = opens; minute <= closes; minute++) {
    if (minute < closes && !isTaken(minute)) {
      start ??= minute;
    } else if (start !== undefined) {
      slots.push([start, minute]);
      start = undefined;
    }
  }
  return slots.filter(([from, to]) => to - from >= shortest);
}
