import java.util.HashMap;
import java.util.List;
import java.util.Map;

class Solution {
    static Map<String, Map<String, String>> parseIni(List<String> lines) {
        Map<String, Map<String, String>> sections = new HashMap<>();
        Map<String, String> section = null;
        for (String untrimmed : lines) {
            String line = untrimmed.strip();
            if (line.isEmpty() || line.startsWith(";") || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("[") && line.endsWith("]")) {
                String name = required(line.substring(1, line.length() - 1), line);
                section = sections.computeIfAbsent(name, key -> new HashMap<>());
                continue;
            }
            String[] parts = line.split("=", 2);
            if (section == null || parts.length < 2) {
                throw new IllegalArgumentException("cannot be read: " + line);
            }
            section.put(required(parts[0], line), parts[1].strip());
        }
        return sections;
    }

    private static String required(String text, String line) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("a name is missing: " + line);
        }
        return text.strip();
    }
}
