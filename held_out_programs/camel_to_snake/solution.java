import java.util.Locale;

class Solution {
    static String camelToSnake(String name) {
        return name
            .replaceAll("([A-Z]+)([A-Z][a-z])", "$1_$2")
            .replaceAll("([^A-Z_])([A-Z])", "$1_$2")
            .toLowerCase(Locale.ROOT);
    }
}
