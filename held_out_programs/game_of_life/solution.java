import java.util.ArrayList;
import java.util.List;

class Solution {
    static List<String> gameOfLife(List<String> board) {
        List<String> next = new ArrayList<>();
        for (int y = 0; y < board.size(); y++) {
            StringBuilder row = new StringBuilder();
            for (int x = 0; x < board.get(y).length(); x++) {
                int neighbours = countNeighbours(board, y, x);
                boolean alive = neighbours == 3 || neighbours == 2 && isAlive(board, y, x);
                row.append(alive ? '#' : '.');
            }
            next.add(row.toString());
        }
        return next;
    }

    private static int countNeighbours(List<String> board, int y, int x) {
        int count = 0;
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                if ((dy != 0 || dx != 0) && isAlive(board, y + dy, x + dx)) {
                    count++;
                }
            }
        }
        return count;
    }

    private static boolean isAlive(List<String> board, int y, int x) {
        return y >= 0 && y < board.size() && x >= 0 && x < board.get(y).length() && board.get(y).charAt(x) == '#';
    }
}
