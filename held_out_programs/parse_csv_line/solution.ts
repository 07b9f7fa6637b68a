type State = "start" | "plain" | "quoted" | "closed";

function parseCsvLine(line: string): string[] {
  const fields: string[] = [];
  let field = "";
  let state: State = "start";
  for (const character of line) {
    if (character === "," && state !== "quoted") {
      fields.push(field);
      field = "";
      state = "start";
    } else if (character === '"' && state === "start") {
      state = "quoted";
    } else if (character === '"' && state === "quoted") {
      state = "closed";
    } else if (character === '"' && state === "closed") {
      field += character;
      state = "quoted";
    } else if (state === "closed") {
      throw new Error(`${character} follows a quoted field`);
    } else {
      field += character;
      state = state === "start" ? "plain" : state;
    }
  }
  if (state === "quoted") {
    throw new Error("a quote is not closed");
  }
  return [...fields, field];
}
