import java.util.List;

class Solution {
    static int countIslands(List<String> rows) {
        char[][] map = rows.stream().map(String::toCharArray).toArray(char[][]::new);
        int islands = 0;
        for (int y = 0; y < map.length; y++) {
            for (int x = 0; x < map[y].length; x++) {
                if (map[y][x] == '#') {
                    islands++;
                    sink(map, y, x);
                }
            }
        }
        return islands;
    }

    private static void sink(char[][] map, int y, int x) {
        if (y < 0 || y >= map.length || x < 0 || x >= map[y].length || map[y][x] != '#') {
            return;
        }
        map[y][x] = '.';
        sink(map, y - 1, x);
        sink(map, y + 1, x);
        sink(map, y, x - 1);
        sink(map, y, x + 1);
    }
}
