function parseIni(lines: string[]): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of lines.map((one) => one.trim())) {
    if (line === "" || line.startsWith(";") || line.startsWith("#")) {
      continue;
    }
    if (line.startsWith("[") && line.endsWith("]")) {
      const name = required(line.slice(1, -1), line);
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      continue;
    }
    const equals = line.indexOf("=");
    if (section === undefined || equals === -1) {
      throw new Error(`cannot be read: ${line}`);
    }
    section.set(required(line.slice(0, equals), line), line.slice(equals + 1).trim());
  }
  return sections;
}

function required(text: string, line: string): string {
  const trimmed = text.trim();
  if (trimmed === "") {
    throw new Error(`a name is missing: ${line}`);
  }
  return trimmed;
}
