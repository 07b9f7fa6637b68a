using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static string TicTacToe(List<string> board)
    {
        string squares = string.Concat(board);
        int difference = squares.Count(square => square == 'x') - squares.Count(square => square == 'o');
        bool xWon = HasWon(board, 'x'), oWon = HasWon(board, 'o');
        if (Math.Abs(difference) > 1 || (xWon && oWon))
            throw new ArgumentException("no such game can be");
        return xWon ? "x" : oWon ? "o" : "-";
    }

    static bool HasWon(List<string> board, char player)
    {
        var places = Enumerable.Range(0, 3);
        return board.Any(row => row.All(square => square == player))
            || places.Any(x => board.All(row => row[x] == player))
            || places.All(k => board[k][k] == player)
            || places.All(k => board[k][2 - k] == player);
    }
}
