using System;
using System.Globalization;

static class Solution
{
    public static int DaysBetween(string first, string second)
    {
        return (Parse(second) - Parse(first)).Days;
    }

    static DateTime Parse(string text)
    {
        return DateTime.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
