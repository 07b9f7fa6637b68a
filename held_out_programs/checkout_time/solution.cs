using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static int CheckoutTime(List<int> minutes, int tills)
    {
        if (tills < 1)
            throw new ArgumentOutOfRangeException(nameof(tills), "there is no till");
        var freeAt = new int[tills];
        foreach (int needed in minutes)
        {
            int first = Array.IndexOf(freeAt, freeAt.Min());
            freeAt[first] += needed;
        }
        return freeAt.Max();
    }
}
