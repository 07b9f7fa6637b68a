using System;

static class Solution
{
    public static double SavingsAfter(double balance, double rate, double deposit, int years)
    {
        if (years < 0)
            throw new ArgumentOutOfRangeException(nameof(years));
        for (; years > 0; years--)
            balance = balance * (1 + rate / 100) + deposit;
        return Math.Round(balance, 2);
    }
}
