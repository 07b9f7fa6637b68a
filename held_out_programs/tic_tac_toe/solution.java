import java.util.List;

class Solution {
    private static final int[][] LINES = {
        {0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}
    };

    static String ticTacToe(List<String> board) {
        String squares = String.join("", board);
        long difference = count(squares, 'x') - count(squares, 'o');
        boolean xWon = hasWon(squares, 'x');
        boolean oWon = hasWon(squares, 'o');
        if (Math.abs(difference) > 1 || xWon && oWon) {
            throw new IllegalArgumentException("no such game can be");
        }
        return xWon ? "x" : oWon ? "o" : "-";
    }

    private static long count(String squares, char player) {
        return squares.chars().filter(square -> square == player).count();
    }

    private static boolean hasWon(String squares, char player) {
        for (int[] line : LINES) {
            if (squares.charAt(line[0]) == player
                && squares.charAt(line[1]) == player
                && squares.charAt(line[2]) == player) {
                return true;
            }
        }
        return false;
    }
}
