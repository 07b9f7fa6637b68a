using System.Collections.Generic;

static class Solution
{
    public static int CountIslands(List<string> rows)
    {
        var seen = new HashSet<(int, int)>();
        int islands = 0;
        for (int y = 0; y < rows.Count; y++)
        {
            for (int x = 0; x < rows[y].Length; x++)
            {
                if (Explore(rows, seen, y, x))
                    islands++;
            }
        }
        return islands;
    }

    static bool Explore(List<string> rows, HashSet<(int, int)> seen, int y, int x)
    {
        bool inside = y >= 0 && y < rows.Count && x >= 0 && x < rows[y].Length;
        if (!inside || rows[y][x] != '#' || !seen.Add((y, x)))
            return false;
        Explore(rows, seen, y - 1, x);
        Explore(rows, seen, y + 1, x);
        Explore(rows, seen, y, x - 1);
        Explore(rows, seen, y, x + 1);
        return true;
    }
}
