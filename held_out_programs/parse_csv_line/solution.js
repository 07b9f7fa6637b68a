function parseCsvLine(line) {
  const fields = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",][^,]*|))(,|$)/gy;
  let comma = ",";
  while (comma === ",") {
    const match = pattern.exec(line);
    if (match === null) {
      throw new Error("a quoted field is not closed, or not followed by a comma");
    }
    const [, quoted, plain] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    comma = match[3];
  }
  return fields;
}
