using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static int TreeHeight(List<int> parents)
    {
        var children = Enumerable.Range(0, parents.Count).ToLookup(node => parents[node]);
        int height = 0, reached = 0;
        var level = children[-1].ToList();
        while (level.Count > 0)
        {
            height++;
            reached += level.Count;
            level = level.SelectMany(node => children[node]).ToList();
        }
        if (reached < parents.Count)
            throw new ArgumentException("a node is its own ancestor");
        return height;
    }
}
