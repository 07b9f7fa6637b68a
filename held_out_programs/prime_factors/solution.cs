using System;
using System.Collections.Generic;

static class Solution
{
    public static List<int> PrimeFactors(int number)
    {
        if (number < 1)
            throw new ArgumentOutOfRangeException(nameof(number), "has no prime factors");
        var factors = new List<int>();
        for (int divisor = 2; (long)divisor * divisor <= number; divisor++)
        {
            for (; number % divisor == 0; number /= divisor)
                factors.Add(divisor);
        }
        if (number > 1)
            factors.Add(number);
        return factors;
    }
}
