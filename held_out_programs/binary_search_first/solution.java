import java.util.List;
import java.util.Optional;

class Solution {
    static Optional<Integer> binarySearchFirst(List<Integer> values, int target) {
        int low = 0;
        int high = values.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (values.get(middle) < target) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        boolean found = low < values.size() && values.get(low) == target;
        return found ? Optional.of(low) : Optional.empty();
    }
}
