function daysInMonth(year, month) {
  if (month < 1 || month > 12) {
    throw new Error(`there is no month ${month}`);
  }
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}
