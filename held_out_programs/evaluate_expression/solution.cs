using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

static class Solution
{
    public static int EvaluateExpression(string expression)
    {
        var tokens = new Queue<string>(Regex.Matches(expression, @"\d+|\S").Cast<Match>().Select(match => match.Value));
        int value = Sum(tokens);
        if (tokens.Count > 0)
            throw new FormatException("unexpected " + tokens.Peek());
        return value;
    }

    static int Sum(Queue<string> tokens)
    {
        int value = Product(tokens);
        while (NextIs(tokens, "+", "-"))
            value += tokens.Dequeue() == "+" ? Product(tokens) : -Product(tokens);
        return value;
    }

    static int Product(Queue<string> tokens)
    {
        int value = Factor(tokens);
        while (NextIs(tokens, "*", "/"))
        {
            bool multiplies = tokens.Dequeue() == "*";
            int operand = Factor(tokens);
            if (!multiplies && operand == 0)
                throw new ArgumentException("division by zero");
            value = multiplies ? value * operand : value / operand;
        }
        return value;
    }

    static int Factor(Queue<string> tokens)
    {
        if (tokens.Count == 0)
            throw new FormatException("the expression ends too early");
        string token = tokens.Dequeue();
        if (token == "-")
            return -Factor(tokens);
        if (token != "(")
            return int.Parse(token);
        int value = Sum(tokens);
        if (!NextIs(tokens, ")"))
            throw new FormatException("a bracket is not closed");
        tokens.Dequeue();
        return value;
    }

    static bool NextIs(Queue<string> tokens, params string[] wanted)
    {
        return tokens.Count > 0 && wanted.Contains(tokens.Peek());
    }
}
