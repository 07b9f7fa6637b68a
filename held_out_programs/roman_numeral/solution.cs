using System;
using System.Text;

static class Solution
{
    static readonly (int Value, string Letters)[] Numerals =
    {
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    };

    public static string RomanNumeral(int number)
    {
        if (number < 1 || number > 3999)
            throw new ArgumentOutOfRangeException(nameof(number), "has no Roman numeral");
        var numeral = new StringBuilder();
        foreach (var one in Numerals)
        {
            for (; number >= one.Value; number -= one.Value)
                numeral.Append(one.Letters);
        }
        return numeral.ToString();
    }
}
