using System;
using System.Collections.Generic;
using System.Text;

static class Solution
{
    public static List<string> ParseCsvLine(string line)
    {
        var fields = new List<string>();
        int position = 0;
        do
        {
            fields.Add(ReadField(line, ref position));
            if (position < line.Length && line[position] != ',')
                throw new FormatException("a comma is missing at " + position);
        }
        while (position++ < line.Length);
        return fields;
    }

    static string ReadField(string line, ref int position)
    {
        if (position == line.Length || line[position] != '"')
        {
            int comma = line.IndexOf(',', position);
            int start = position;
            position = comma < 0 ? line.Length : comma;
            return line.Substring(start, position - start);
        }
        var field = new StringBuilder();
        while (true)
        {
            int quote = line.IndexOf('"', position + 1);
            if (quote < 0)
                throw new FormatException("a quote is not closed");
            field.Append(line, position + 1, quote - position - 1);
            position = quote + 1;
            if (position == line.Length || line[position] != '"')
                return field.ToString();
            field.Append('"');
        }
    }
}
