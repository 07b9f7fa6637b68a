function ticTacToe(board) {
  const squares = board.join("");
  const won = (player) =>
    [/^(...)*PPP/, /P..P..P/, /^P...P...P/, /^..P.P.P/].some((line) =>
      new RegExp(line.source.replaceAll("P", player)).test(squares),
    );
  const count = (player) => squares.split(player).length - 1;
  if (Math.abs(count("x") - count("o")) > 1 || (won("x") && won("o"))) {
    throw new Error("no such game can be");
  }
  return ["x", "o"].find(won) ?? "-";
}
