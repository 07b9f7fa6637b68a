function addBusinessDays(date: string, days: number): string {
  if (days < 0) {
    throw new Error("the number of days is negative");
  }
  const day = new Date(`${date}T00:00:00Z`);
  for (let left = days; left > 0; ) {
    day.setUTCDate(day.getUTCDate() + 1);
    const weekday = day.getUTCDay();
    if (weekday >= 1 && weekday <= 5) {
      left--;
    }
  }
  const [text] = day.toISOString().split("T");
  return text;
}
