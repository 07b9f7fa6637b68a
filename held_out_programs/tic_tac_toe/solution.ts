type Player = "x" | "o";

function ticTacToe(board: string[]): string {
  const columns = [0, 1, 2].map((x) => board.map((row) => row[x]).join(""));
  const diagonals = [board.map((row, y) => row[y]).join(""), board.map((row, y) => row[2 - y]).join("")];
  const lines = new Set([...board, ...columns, ...diagonals]);
  const players: Player[] = ["x", "o"];
  const [xs, os] = players.map((player) => [...board.join("")].filter((square) => square === player).length);
  const winners = players.filter((player) => lines.has(player.repeat(3)));
  if (Math.abs(xs - os) > 1 || winners.length > 1) {
    throw new Error("no such game can be");
  }
  return winners[0] ?? "-";
}
