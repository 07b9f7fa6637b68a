using System;
using System.Globalization;

static class Solution
{
    public static string AddBusinessDays(string date, int days)
    {
        if (days < 0)
            throw new ArgumentOutOfRangeException(nameof(days));
        var day = DateTime.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        while (days > 0)
        {
            day = day.AddDays(1);
            if (day.DayOfWeek != DayOfWeek.Saturday && day.DayOfWeek != DayOfWeek.Sunday)
                days--;
        }
        return day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
