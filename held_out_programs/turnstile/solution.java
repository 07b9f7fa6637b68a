import java.util.List;

class Solution {
    static List<Integer> turnstile(List<String> events) {
        int passed = 0;
        int returned = 0;
        int refused = 0;
        boolean locked = true;
        for (String event : events) {
            switch (event) {
                case "coin" -> {
                    if (!locked) {
                        returned++;
                    }
                    locked = false;
                }
                case "push" -> {
                    if (locked) {
                        refused++;
                    } else {
                        passed++;
                    }
                    locked = true;
                }
                default -> throw new IllegalArgumentException("unknown event " + event);
            }
        }
        return List.of(passed, returned, refused);
    }
}
