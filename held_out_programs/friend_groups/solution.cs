using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<List<string>> FriendGroups(List<List<string>> pairs)
    {
        var groupOf = new Dictionary<string, SortedSet<string>>();
        foreach (var pair in pairs)
        {
            var merged = new SortedSet<string>(pair, StringComparer.Ordinal);
            foreach (string name in pair)
            {
                if (groupOf.TryGetValue(name, out var group))
                    merged.UnionWith(group);
            }
            foreach (string name in merged)
                groupOf[name] = merged;
        }
        return groupOf.Values
            .Distinct()
            .OrderBy(group => group.Min, StringComparer.Ordinal)
            .Select(group => group.ToList())
            .ToList();
    }
}
