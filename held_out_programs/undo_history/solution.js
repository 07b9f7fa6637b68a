function undoHistory(commands) {
  let text = "";
  let done = [];
  let undone = [];
  const change = (changed) => {
    done.push(text);
    undone = [];
    text = changed;
  };
  for (const command of commands) {
    if (command === "undo" && done.length > 0) {
      undone.push(text);
      text = done.pop();
    } else if (command === "redo" && undone.length > 0) {
      done.push(text);
      text = undone.pop();
    } else if (command.startsWith("type ")) {
      change(text + command.slice("type ".length));
    } else if (command.startsWith("delete ")) {
      change(text.slice(0, Math.max(0, text.length - Number(command.slice("delete ".length)))));
    }
  }
  return text;
}
