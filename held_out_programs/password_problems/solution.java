import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

class Solution {
    private static final Map<String, Predicate<String>> PROBLEMS = new LinkedHashMap<>();

    static {
        PROBLEMS.put("short", password -> password.length() < 8);
        PROBLEMS.put("upper", finds("[A-Z]").negate());
        PROBLEMS.put("lower", finds("[a-z]").negate());
        PROBLEMS.put("digit", finds("[0-9]").negate());
        PROBLEMS.put("space", finds(" "));
        PROBLEMS.put("repeat", finds("(.)\\1\\1"));
    }

    static List<String> passwordProblems(String password) {
        return PROBLEMS.entrySet().stream()
            .filter(problem -> problem.getValue().test(password))
            .map(Map.Entry::getKey)
            .collect(Collectors.toList());
    }

    private static Predicate<String> finds(String pattern) {
        return Pattern.compile(pattern).asPredicate();
    }
}
