using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<double> MovingAverage(List<double> values, int width)
    {
        if (width < 1 || width > values.Count)
            throw new ArgumentOutOfRangeException(nameof(width));
        return Enumerable.Range(0, values.Count - width + 1)
            .Select(start => values.Skip(start).Take(width).Average())
            .ToList();
    }
}
