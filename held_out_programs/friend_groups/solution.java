import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

class Solution {
    static List<List<String>> friendGroups(List<List<String>> pairs) {
        Map<String, String> parents = new HashMap<>();
        for (List<String> pair : pairs) {
            pair.forEach(name -> parents.putIfAbsent(name, name));
            parents.put(root(parents, pair.get(0)), root(parents, pair.get(1)));
        }
        Map<String, TreeSet<String>> byRoot = new HashMap<>();
        for (String name : parents.keySet()) {
            byRoot.computeIfAbsent(root(parents, name), key -> new TreeSet<>()).add(name);
        }
        Map<String, List<String>> byFirst = new TreeMap<>();
        for (TreeSet<String> group : byRoot.values()) {
            byFirst.put(group.first(), new ArrayList<>(group));
        }
        return new ArrayList<>(byFirst.values());
    }

    private static String root(Map<String, String> parents, String name) {
        String parent = parents.get(name);
        return parent.equals(name) ? name : root(parents, parent);
    }
}
