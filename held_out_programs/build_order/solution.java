import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

class Solution {
    static List<String> buildOrder(Map<String, List<String>> needs) {
        Map<String, List<String>> waiting = new TreeMap<>(needs);
        List<String> order = new ArrayList<>();
        while (!waiting.isEmpty()) {
            String next = waiting.keySet().stream()
                .filter(name -> order.containsAll(waiting.get(name)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("packages need each other: " + waiting.keySet()));
            order.add(next);
            waiting.remove(next);
        }
        return order;
    }
}
