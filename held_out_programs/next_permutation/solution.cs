using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<int> NextPermutation(List<int> values)
    {
        int pivot = values.Count - 2;
        while (pivot >= 0 && values[pivot] >= values[pivot + 1])
            pivot--;
        if (pivot < 0)
            return null;
        var next = new List<int>(values);
        int larger = next.FindLastIndex(value => value > values[pivot]);
        next[pivot] = values[larger];
        next[larger] = values[pivot];
        next.Reverse(pivot + 1, next.Count - pivot - 1);
        return next;
    }
}
