using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

static class Solution
{
    public static string FillTemplate(string template, Dictionary<string, string> values)
    {
        return Regex.Replace(template, @"\{\{ *(\w+) *\}\}", match =>
        {
            string name = match.Groups[1].Value;
            return values.TryGetValue(name, out string value)
                ? value
                : throw new ArgumentException(name + " has no value");
        });
    }
}
