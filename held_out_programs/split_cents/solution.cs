using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<int> SplitCents(int amount, List<int> weights)
    {
        long total = weights.Sum(weight => (long)weight);
        if (amount < 0 || total <= 0 || weights.Any(weight => weight < 0))
            throw new ArgumentException("the amount and weights must not be negative, nor all weights 0");
        var parts = weights.Select(weight => (int)((long)amount * weight / total)).ToList();
        var lucky = Enumerable.Range(0, weights.Count)
            .OrderByDescending(k => (long)amount * weights[k] % total)
            .Take(amount - parts.Sum());
        foreach (int k in lucky.ToList())
            parts[k]++;
        return parts;
    }
}
