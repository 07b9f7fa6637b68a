const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysBetween(first: string, second: string): number {
  return dayNumber(second) - dayNumber(first);
}

function dayNumber(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  const [year, month, day] = (match ?? []).slice(1).map(Number);
  const lengths = MONTH_LENGTHS.map((length, index) => (index === 1 && isLeap(year) ? length + 1 : length));
  if (match === null || month < 1 || month > 12 || day < 1 || day > lengths[month - 1]) {
    throw new Error(`no date: ${text}`);
  }
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 365 * before + leapDays + day);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
