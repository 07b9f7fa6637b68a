using System;
using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<List<int>> FreeSlots(List<List<int>> meetings, int opens, int closes, int shortest)
    {
        var slots = new List<List<int>>();
        int free = opens;
        foreach (var meeting in meetings.OrderBy(one => one[0]).Append(new List<int> { closes, closes }))
        {
            int until = Math.Min(meeting[0], closes);
            if (until - free >= shortest)
                slots.Add(new List<int> { free, until });
            free = Math.Max(free, meeting[1]);
        }
        return slots;
    }
}
