using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

static class Solution
{
    public static Dictionary<string, List<string>> ParseQuery(string query)
    {
        var values = new Dictionary<string, List<string>>();
        foreach (string part in query.Split(new[] { '&' }, StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = part.Split(new[] { '=' }, 2);
            string key = Decoded(sides[0]);
            if (!values.ContainsKey(key))
                values[key] = new List<string>();
            values[key].Add(sides.Length > 1 ? Decoded(sides[1]) : "");
        }
        return values;
    }

    static string Decoded(string text)
    {
        return Regex.Replace(text.Replace('+', ' '), "%(.{0,2})", match =>
        {
            string digits = match.Groups[1].Value;
            if (!Regex.IsMatch(digits, "^[0-9A-Fa-f]{2}$"))
                throw new FormatException("no number after the per cent sign: " + text);
            return ((char)Convert.ToInt32(digits, 16)).ToString();
        });
    }
}
