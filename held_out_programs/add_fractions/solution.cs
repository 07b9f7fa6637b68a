using System;
using System.Collections.Generic;

static class Solution
{
    public static string AddFractions(List<string> fractions)
    {
        int numerator = 0, denominator = 1;
        foreach (string text in fractions)
        {
            string[] parts = text.Split('/');
            int top = int.Parse(parts[0]);
            int bottom = parts.Length > 1 ? int.Parse(parts[1]) : 1;
            if (bottom == 0 || parts.Length > 2)
                throw new FormatException("no fraction: " + text);
            numerator = numerator * bottom + top * denominator;
            denominator *= bottom;
            int divisor = Gcd(numerator, denominator) * Math.Sign(denominator);
            numerator /= divisor;
            denominator /= divisor;
        }
        return denominator == 1 ? numerator.ToString() : numerator + "/" + denominator;
    }

    static int Gcd(int a, int b)
    {
        return b == 0 ? Math.Abs(a) : Gcd(b, a % b);
    }
}
