using System;

static class Solution
{
    public static int EditDistance(string first, string second)
    {
        var distance = new int[first.Length + 1, second.Length + 1];
        for (int i = 0; i <= first.Length; i++)
        {
            for (int j = 0; j <= second.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distance[i, j] = i + j;
                    continue;
                }
                int changed = Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1;
                int replaced = distance[i - 1, j - 1] + (first[i - 1] == second[j - 1] ? 0 : 1);
                distance[i, j] = Math.Min(changed, replaced);
            }
        }
        return distance[first.Length, second.Length];
    }
}
