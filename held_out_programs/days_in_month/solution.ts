function daysInMonth(year: number, month: number): number {
  if (month < 1 || month > 12) {
    throw new Error(`there is no month ${month}`);
  }
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
