function parseIni(lines) {
  const sections = new Map();
  let section;
  for (const line of lines.map((one) => one.trim())) {
    if (/^($|[;#])/.test(line)) {
      continue;
    }
    const header = /^\[\s*(\S.*?)\s*\]$/.exec(line);
    const setting = /^([^=\s[][^=]*?)\s*=\s*(.*)$/.exec(line);
    if (header) {
      section = sections.get(header[1]) ?? new Map();
      sections.set(header[1], section);
    } else if (setting && section) {
      section.set(setting[1], setting[2]);
    } else {
      throw new Error(`cannot be read: ${line}`);
    }
  }
  return sections;
}
