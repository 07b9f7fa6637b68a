function camelToSnake(name) {
  return name
    .split(/(?<=[^A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .join("_")
    .toLowerCase();
}
