using System;

static class Solution
{
    public static int DaysInMonth(int year, int month)
    {
        switch (month)
        {
            case 2:
                bool isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                return isLeap ? 29 : 28;
            case 4:
            case 6:
            case 9:
            case 11:
                return 30;
            default:
                if (month < 1 || month > 12)
                    throw new ArgumentOutOfRangeException(nameof(month));
                return 31;
        }
    }
}
