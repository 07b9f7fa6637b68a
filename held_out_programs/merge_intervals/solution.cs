using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<List<int>> MergeIntervals(List<List<int>> intervals)
    {
        var merged = new List<List<int>>();
        foreach (var interval in intervals.OrderBy(one => one[0]))
        {
            var last = merged.LastOrDefault();
            if (last != null && interval[0] <= last[1])
                last[1] = Math.Max(last[1], interval[1]);
            else
                merged.Add(new List<int>(interval));
        }
        return merged;
    }
}
