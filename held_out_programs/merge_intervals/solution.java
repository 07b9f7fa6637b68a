import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

class Solution {
    static List<List<Integer>> mergeIntervals(List<List<Integer>> intervals) {
        List<List<Integer>> sorted = new ArrayList<>(intervals);
        sorted.sort(Comparator.comparing(interval -> interval.get(0)));
        List<List<Integer>> merged = new ArrayList<>();
        for (List<Integer> interval : sorted) {
            int last = merged.size() - 1;
            if (last >= 0 && interval.get(0) <= merged.get(last).get(1)) {
                int end = Math.max(merged.get(last).get(1), interval.get(1));
                merged.set(last, List.of(merged.get(last).get(0), end));
            } else {
                merged.add(interval);
            }
        }
        return merged;
    }
}
