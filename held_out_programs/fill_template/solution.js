function fillTemplate(template, values) {
  return template.replace(/\{\{ *(\w+) *\}\}/g, (field, name) => {
    if (!values.has(name)) {
      throw new Error(`${name} has no value`);
    }
    return values.get(name);
  });
}
