using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<string> BuildOrder(Dictionary<string, List<string>> needs)
    {
        var waiting = new SortedSet<string>(needs.Keys, StringComparer.Ordinal);
        var order = new List<string>();
        while (waiting.Count > 0)
        {
            string next = waiting.FirstOrDefault(name => needs[name].All(order.Contains));
            if (next == null)
                throw new ArgumentException("packages need each other: " + string.Join(", ", waiting));
            order.Add(next);
            waiting.Remove(next);
        }
        return order;
    }
}
