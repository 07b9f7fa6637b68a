import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

class Solution {
    private static class Cache extends LinkedHashMap<String, String> {
        private final int capacity;

        Cache(int capacity) {
            super(16, 0.75f, true);
            this.capacity = capacity;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > capacity;
        }
    }

    static List<String> lruCache(int capacity, List<String> operations) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a cache of " + capacity + " entries holds nothing");
        }
        Map<String, String> cache = new Cache(capacity);
        List<String> answers = new ArrayList<>();
        for (String operation : operations) {
            String[] words = operation.split(" ");
            if (words[0].equals("put")) {
                cache.put(words[1], words[2]);
            } else {
                answers.add(cache.getOrDefault(words[1], "-"));
            }
        }
        return answers;
    }
}
