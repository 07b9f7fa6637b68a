import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

class Solution {
    static Optional<List<Integer>> nextPermutation(List<Integer> values) {
        int pivot = values.size() - 2;
        while (pivot >= 0 && values.get(pivot) >= values.get(pivot + 1)) {
            pivot--;
        }
        if (pivot < 0) {
            return Optional.empty();
        }
        int larger = values.size() - 1;
        while (values.get(larger) <= values.get(pivot)) {
            larger--;
        }
        List<Integer> next = new ArrayList<>(values);
        Collections.swap(next, pivot, larger);
        Collections.reverse(next.subList(pivot + 1, next.size()));
        return Optional.of(next);
    }
}
