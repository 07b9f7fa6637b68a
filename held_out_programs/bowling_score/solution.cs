using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static int BowlingScore(List<int> rolls)
    {
        if (rolls.Any(pins => pins < 0 || pins > 10))
            throw new ArgumentException("a roll is not from 0 to 10");
        int score = 0, first = 0, end = 0;
        for (int frame = 0; frame < 10; frame++)
        {
            bool isStrike = rolls.ElementAtOrDefault(first) == 10;
            int pins = isStrike ? 10 : rolls.Skip(first).Take(2).Sum();
            if (pins > 10)
                throw new ArgumentException("a frame has more than ten pins");
            end = first + (pins == 10 ? 3 : 2);
            score += rolls.GetRange(first, end - first).Sum();
            first += isStrike ? 1 : 2;
        }
        if (end != rolls.Count)
            throw new ArgumentException("rolls are left over");
        return score;
    }
}
