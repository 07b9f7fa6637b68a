function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const part of query.split("&")) {
    if (part === "") {
      continue;
    }
    const equals = part.indexOf("=");
    const key = decoded(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? "" : decoded(part.slice(equals + 1));
    const known = values.get(key);
    if (known) {
      known.push(value);
    } else {
      values.set(key, [value]);
    }
  }
  return values;
}

function decoded(text: string): string {
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new Error(`no number after the per cent sign: ${text}`);
  }
  const spaced = text.replace(/\+/g, " ");
  return spaced.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
