using System;
using System.Collections.Generic;

static class Solution
{
    public static List<string> LruCache(int capacity, List<string> operations)
    {
        if (capacity < 1)
            throw new ArgumentOutOfRangeException(nameof(capacity));
        var values = new Dictionary<string, string>();
        var used = new LinkedList<string>();
        var answers = new List<string>();
        foreach (string operation in operations)
        {
            string[] words = operation.Split(' ');
            string key = words[1];
            bool known = values.ContainsKey(key);
            if (words[0] == "get")
                answers.Add(known ? values[key] : "-");
            else
                values[key] = words[2];
            if (known)
                used.Remove(key);
            if (values.ContainsKey(key))
                used.AddLast(key);
            if (values.Count > capacity)
            {
                values.Remove(used.First.Value);
                used.RemoveFirst();
            }
        }
        return answers;
    }
}
