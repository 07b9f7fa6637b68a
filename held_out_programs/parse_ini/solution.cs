using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static Dictionary<string, Dictionary<string, string>> ParseIni(List<string> lines)
    {
        var sections = new Dictionary<string, Dictionary<string, string>>();
        Dictionary<string, string> section = null;
        foreach (string line in lines.Select(one => one.Trim()))
        {
            if (line.Length == 0 || line[0] == ';' || line[0] == '#')
                continue;
            if (line[0] == '[' && line[line.Length - 1] == ']')
            {
                string name = line.Substring(1, line.Length - 2).Trim();
                if (name == "")
                    throw new FormatException("a section has no name");
                if (!sections.TryGetValue(name, out section))
                    sections[name] = section = new Dictionary<string, string>();
                continue;
            }
            int equals = line.IndexOf('=');
            if (section == null || equals < 1)
                throw new FormatException("cannot be read: " + line);
            section[line.Substring(0, equals).Trim()] = line.Substring(equals + 1).Trim();
        }
        return sections;
    }
}
