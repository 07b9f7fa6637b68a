import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

class Solution {
    static List<String> completePrefix(Map<String, Integer> used, String prefix, int limit) {
        Comparator<String> byUse = Comparator.comparing(used::get, Comparator.reverseOrder());
        return used.keySet().stream()
            .filter(word -> word.startsWith(prefix))
            .sorted(byUse.thenComparing(Comparator.naturalOrder()))
            .limit(limit)
            .collect(Collectors.toList());
    }
}
