using System;
using System.Globalization;

static class Solution
{
    public static string FormatMoney(long cents, string currency)
    {
        string sign = cents < 0 ? "-" : "";
        decimal amount = Math.Abs(cents) / 100m;
        return sign + currency + amount.ToString("#,##0.00", CultureInfo.InvariantCulture);
    }
}
