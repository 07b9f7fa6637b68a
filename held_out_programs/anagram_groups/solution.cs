using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<List<string>> AnagramGroups(List<string> words)
    {
        return words
            .GroupBy(word => string.Concat(word.OrderBy(letter => letter)))
            .Select(group => group.ToList())
            .ToList();
    }
}
