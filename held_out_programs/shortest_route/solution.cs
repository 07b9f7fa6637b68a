using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static int? ShortestRoute(Dictionary<string, Dictionary<string, int>> roads, string start, string goal)
    {
        var distances = new Dictionary<string, int> { [start] = 0 };
        var open = new HashSet<string> { start };
        while (open.Count > 0)
        {
            string place = open.OrderBy(name => distances[name]).First();
            open.Remove(place);
            if (!roads.TryGetValue(place, out var neighbours))
                continue;
            foreach (var road in neighbours)
            {
                int distance = distances[place] + road.Value;
                if (!distances.TryGetValue(road.Key, out int known) || distance < known)
                {
                    distances[road.Key] = distance;
                    open.Add(road.Key);
                }
            }
        }
        return distances.TryGetValue(goal, out int found) ? found : (int?)null;
    }
}
