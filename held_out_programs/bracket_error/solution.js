function bracketError(text) {
  const pairs = { ")": "(", "]": "[", "}": "{" };
  const opened = [];
  for (let position = 0; position < text.length; position++) {
    const character = text[position];
    if ("([{".includes(character)) {
      opened.push(position);
    } else if (character in pairs && text[opened.pop()] !== pairs[character]) {
      return position;
    }
  }
  return opened.pop() ?? null;
}
