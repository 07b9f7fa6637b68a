using System.Collections.Generic;

static class Solution
{
    const string Opening = "([{", Closing = ")]}";

    public static int? BracketError(string text)
    {
        var opened = new Stack<int>();
        for (int position = 0; position < text.Length; position++)
        {
            if (Opening.IndexOf(text[position]) >= 0)
                opened.Push(position);
            int kind = Closing.IndexOf(text[position]);
            if (kind >= 0 && (opened.Count == 0 || text[opened.Pop()] != Opening[kind]))
                return position;
        }
        return opened.Count > 0 ? opened.Peek() : (int?)null;
    }
}
