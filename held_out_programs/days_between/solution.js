function daysBetween(first, second) {
  const millisecondsPerDay = 24 * 60 * 60 * 1000;
  return (parseDate(second) - parseDate(first)) / millisecondsPerDay;
}

function parseDate(text) {
  const date = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text) {
    throw new Error(`no date: ${text}`);
  }
  return date;
}
