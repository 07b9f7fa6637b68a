import java.util.HashSet;
import java.util.List;
import java.util.Set;

class Solution {
    static int treeHeight(List<Integer> parents) {
        int height = 0;
        for (int start = 0; start < parents.size(); start++) {
            Set<Integer> passed = new HashSet<>();
            for (int node = start; node != -1; node = parents.get(node)) {
                if (!passed.add(node)) {
                    throw new IllegalArgumentException("node " + node + " is its own ancestor");
                }
            }
            height = Math.max(height, passed.size());
        }
        return height;
    }
}
