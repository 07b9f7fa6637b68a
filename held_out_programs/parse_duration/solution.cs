using System;
using System.Collections.Generic;

static class Solution
{
    const string Units = "dhms";
    static readonly int[] Seconds = { 86400, 3600, 60, 1 };

    public static int ParseDuration(string text)
    {
        int total = 0, last = -1, number = 0, digits = 0;
        foreach (char character in text)
        {
            int unit = Units.IndexOf(character);
            if (char.IsDigit(character))
            {
                number = number * 10 + (character - '0');
                digits++;
            }
            else if (unit > last && digits > 0)
            {
                total += number * Seconds[unit];
                last = unit;
                number = digits = 0;
            }
            else if (character != ' ' || digits > 0)
            {
                throw new FormatException("no duration: " + text);
            }
        }
        if (last < 0 || digits > 0)
            throw new FormatException("no duration: " + text);
        return total;
    }
}
