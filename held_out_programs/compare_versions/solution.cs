using System;
using System.Linq;

static class Solution
{
    public static int CompareVersions(string first, string second)
    {
        int[] one = Numbers(first), other = Numbers(second);
        int length = Math.Max(one.Length, other.Length);
        return Enumerable.Range(0, length)
            .Select(k => one.ElementAtOrDefault(k).CompareTo(other.ElementAtOrDefault(k)))
            .FirstOrDefault(order => order != 0);
    }

    static int[] Numbers(string version)
    {
        string[] parts = version.Split('.');
        if (parts.Any(part => part == "" || !part.All(char.IsDigit)))
            throw new FormatException("no version: " + version);
        return parts.Select(int.Parse).ToArray();
    }
}
