using System;
using System.Collections.Generic;

static class Solution
{
    public static string UndoHistory(List<string> commands)
    {
        var done = new Stack<string>();
        var undone = new Stack<string>();
        string text = "";
        foreach (string command in commands)
        {
            string[] parts = command.Split(new[] { ' ' }, 2);
            if (parts[0] == "undo" || parts[0] == "redo")
            {
                var from = parts[0] == "undo" ? done : undone;
                var to = parts[0] == "undo" ? undone : done;
                if (from.Count > 0)
                {
                    to.Push(text);
                    text = from.Pop();
                }
                continue;
            }
            done.Push(text);
            undone.Clear();
            text = parts[0] == "type"
                ? text + parts[1]
                : text.Substring(0, Math.Max(0, text.Length - int.Parse(parts[1])));
        }
        return text;
    }
}
