import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

class Solution {
    static int longestIncreasingSubsequence(List<Integer> values) {
        List<Integer> tails = new ArrayList<>();
        for (int value : values) {
            int place = Collections.binarySearch(tails, value);
            if (place >= 0) {
                continue;
            }
            int insertion = -place - 1;
            if (insertion == tails.size()) {
                tails.add(value);
            } else {
                tails.set(insertion, value);
            }
        }
        return tails.size();
    }
}
