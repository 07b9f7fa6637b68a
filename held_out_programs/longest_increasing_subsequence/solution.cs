using System.Collections.Generic;

static class Solution
{
    public static int LongestIncreasingSubsequence(List<int> values)
    {
        var tails = new List<int>();
        foreach (int value in values)
        {
            int place = tails.BinarySearch(value);
            if (place < 0)
                place = ~place;
            if (place == tails.Count)
                tails.Add(value);
            else
                tails[place] = value;
        }
        return tails.Count;
    }
}
