using System;
using System.Collections.Generic;

static class Solution
{
    public static List<string> WrapText(string text, int width)
    {
        var lines = new List<string>();
        foreach (string word in text.Split((char[])null, StringSplitOptions.RemoveEmptyEntries))
        {
            int last = lines.Count - 1;
            if (last >= 0 && lines[last].Length + 1 + word.Length <= width)
                lines[last] += " " + word;
            else
                lines.Add(word);
        }
        return lines;
    }
}
