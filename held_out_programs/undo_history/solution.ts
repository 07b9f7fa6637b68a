interface State {
  readonly text: string;
  readonly before?: State;
  after?: State;
}

function undoHistory(commands: string[]): string {
  let state: State = { text: "" };
  for (const command of commands) {
    const [, kind, argument] = /^(\w+) ?(.*)$/s.exec(command)!;
    const { text } = state;
    switch (kind) {
      case "undo":
        state = state.before ?? state;
        break;
      case "redo":
        state = state.after ?? state;
        break;
      default: {
        const kept = kind === "type" ? text + argument : text.slice(0, Math.max(0, text.length - Number(argument)));
        state.after = { text: kept, before: state };
        state = state.after;
      }
    }
  }
  return state.text;
}
