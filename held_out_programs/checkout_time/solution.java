import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;

class Solution {
    static int checkoutTime(List<Integer> minutes, int tills) {
        if (tills < 1) {
            throw new IllegalArgumentException("there is no till");
        }
        PriorityQueue<Integer> freeAt = new PriorityQueue<>(Collections.nCopies(tills, 0));
        int last = 0;
        for (int needed : minutes) {
            int paid = freeAt.remove() + needed;
            freeAt.add(paid);
            last = Math.max(last, paid);
        }
        return last;
    }
}
