using System;
using System.Collections.Generic;

static class Solution
{
    static readonly Dictionary<string, Func<int, int, int>> Operators = new Dictionary<string, Func<int, int, int>>
    {
        ["+"] = (a, b) => a + b,
        ["-"] = (a, b) => a - b,
        ["*"] = (a, b) => a * b,
    };

    public static int EvaluatePostfix(string expression)
    {
        var values = new Stack<int>();
        foreach (string word in expression.Split(' '))
        {
            if (!Operators.TryGetValue(word, out var operate))
            {
                values.Push(int.Parse(word));
                continue;
            }
            if (values.Count < 2)
                throw new FormatException(word + " lacks an operand");
            int right = values.Pop();
            values.Push(operate(values.Pop(), right));
        }
        if (values.Count != 1)
            throw new FormatException(values.Count + " values are left");
        return values.Pop();
    }
}
