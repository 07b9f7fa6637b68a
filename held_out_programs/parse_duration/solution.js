function parseDuration(text) {
  const match = /^ *(?:(\d+)d)? *(?:(\d+)h)? *(?:(\d+)m)? *(?:(\d+)s)? *$/.exec(text);
  if (!match || text.trim() === "") {
    throw new Error(`no duration: ${text}`);
  }
  const [days, hours, minutes, seconds] = match.slice(1).map((number) => Number(number ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
