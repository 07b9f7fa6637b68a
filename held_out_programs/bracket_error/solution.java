import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

class Solution {
    static Optional<Integer> bracketError(String text) {
        Deque<Integer> opened = new ArrayDeque<>();
        for (int position = 0; position < text.length(); position++) {
            char character = text.charAt(position);
            if ("([{".indexOf(character) >= 0) {
                opened.push(position);
            }
            int kind = ")]}".indexOf(character);
            if (kind >= 0 && (opened.isEmpty() || text.charAt(opened.pop()) != "([{".charAt(kind))) {
                return Optional.of(position);
            }
        }
        return Optional.ofNullable(opened.peek());
    }
}
