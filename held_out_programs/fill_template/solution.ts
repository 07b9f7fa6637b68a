function fillTemplate(template: string, values: Map<string, string>): string {
  return template.replace(/\{\{ *(\w+) *\}\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) {
      throw new Error(`${name} has no value`);
    }
    return value;
  });
}
