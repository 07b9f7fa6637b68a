using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static int? FewestCoins(List<int> coins, int amount)
    {
        var fewest = new int?[amount + 1];
        fewest[0] = 0;
        for (int total = 1; total <= amount; total++)
            fewest[total] = coins.Where(coin => coin <= total).Min(coin => fewest[total - coin]) + 1;
        return fewest[amount];
    }
}
