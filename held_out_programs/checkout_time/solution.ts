function checkoutTime(minutes: number[], tills: number): number {
  if (tills < 1) {
    throw new Error("there is no till");
  }
  const waiting = [...minutes];
  let serving: number[] = [];
  let now = 0;
  while (waiting.length > 0 || serving.length > 0) {
    serving.push(...waiting.splice(0, tills - serving.length));
    const passed = Math.min(...serving);
    now += passed;
    serving = serving.map((left) => left - passed).filter((left) => left > 0);
  }
  return now;
}
