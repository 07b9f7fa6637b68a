using System.Collections.Generic;

static class Solution
{
    public static int? BinarySearchFirst(List<int> values, int target)
    {
        int low = 0, high = values.Count;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            if (values[middle] < target)
                low = middle + 1;
            else
                high = middle;
        }
        return low < values.Count && values[low] == target ? low : (int?)null;
    }
}
