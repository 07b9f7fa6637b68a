using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

static class Solution
{
    public static Dictionary<string, int> WordFrequencies(string text)
    {
        return Regex.Matches(text.ToLowerInvariant(), "[a-z']+")
            .Cast<Match>()
            .Select(match => match.Value.Trim('\''))
            .Where(word => word.Length > 0)
            .GroupBy(word => word)
            .ToDictionary(group => group.Key, group => group.Count());
    }
}
