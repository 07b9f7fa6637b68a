import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

class Solution {
    private record Stop(String place, int distance) {}

    static Optional<Integer> shortestRoute(Map<String, Map<String, Integer>> roads, String start, String goal) {
        Map<String, Integer> settled = new HashMap<>();
        PriorityQueue<Stop> queue = new PriorityQueue<>(Comparator.comparingInt(Stop::distance));
        queue.add(new Stop(start, 0));
        while (!queue.isEmpty()) {
            Stop stop = queue.remove();
            if (settled.putIfAbsent(stop.place(), stop.distance()) == null) {
                roads.getOrDefault(stop.place(), Map.of())
                    .forEach((place, length) -> queue.add(new Stop(place, stop.distance() + length)));
            }
        }
        return Optional.ofNullable(settled.get(goal));
    }
}
