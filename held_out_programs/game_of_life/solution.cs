using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<string> GameOfLife(List<string> board)
    {
        return board.Select((row, y) => string.Concat(row.Select((_, x) => Next(board, y, x)))).ToList();
    }

    static char Next(List<string> board, int y, int x)
    {
        var square =
            from near in Enumerable.Range(y - 1, 3)
            from beside in Enumerable.Range(x - 1, 3)
            where IsAlive(board, near, beside)
            select 1;
        int alive = square.Count();
        return alive == 3 || (alive == 4 && IsAlive(board, y, x)) ? '#' : '.';
    }

    static bool IsAlive(List<string> board, int y, int x)
    {
        return y >= 0 && y < board.Count && x >= 0 && x < board[y].Length && board[y][x] == '#';
    }
}
