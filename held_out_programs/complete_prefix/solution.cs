using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<string> CompletePrefix(Dictionary<string, int> used, string prefix, int limit)
    {
        return used
            .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderByDescending(entry => entry.Value)
            .ThenBy(entry => entry.Key, StringComparer.Ordinal)
            .Take(limit)
            .Select(entry => entry.Key)
            .ToList();
    }
}
