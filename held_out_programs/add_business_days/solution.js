function addBusinessDays(date, days) {
  if (days < 0) {
    throw new Error("the number of days is negative");
  }
  const day = new Date(`${date}T00:00:00Z`);
  let left = days;
  while (left > 0) {
    day.setUTCDate(day.getUTCDate() + 1);
    const isWeekend = [0, 6].includes(day.getUTCDay());
    left -= isWeekend ? 0 : 1;
  }
  return day.toISOString().slice(0, 10);
}
