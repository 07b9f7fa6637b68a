function parseQuery(query) {
  const decoded = (text) =>
    text.replaceAll("+", " ").replace(/%(.{0,2})/g, (_, digits) => {
      if (!/^[0-9a-f]{2}$/i.test(digits)) {
        throw new Error(`no number after the per cent sign: ${text}`);
      }
      return String.fromCharCode(parseInt(digits, 16));
    });

  const values = new Map();
  for (const part of query.split("&").filter(Boolean)) {
    const [key, ...value] = part.split("=");
    const name = decoded(key);
    values.set(name, [...(values.get(name) ?? []), decoded(value.join("="))]);
  }
  return values;
}
