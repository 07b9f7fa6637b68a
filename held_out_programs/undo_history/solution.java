import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

class Solution {
    static String undoHistory(List<String> commands) {
        Deque<String> done = new ArrayDeque<>();
        Deque<String> undone = new ArrayDeque<>();
        String text = "";
        for (String command : commands) {
            String[] parts = command.split(" ", 2);
            switch (parts[0]) {
                case "undo" -> {
                    if (!done.isEmpty()) {
                        undone.push(text);
                        text = done.pop();
                    }
                }
                case "redo" -> {
                    if (!undone.isEmpty()) {
                        done.push(text);
                        text = undone.pop();
                    }
                }
                default -> {
                    done.push(text);
                    undone.clear();
                    text = parts[0].equals("type")
                        ? text + parts[1]
                        : text.substring(0, Math.max(0, text.length() - Integer.parseInt(parts[1])));
                }
            }
        }
        return text;
    }
}
