import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.Matcher;

class Solution {
    private static final Pattern FIELD = Pattern.compile("\\{\\{ *(\\w+) *\\}\\}");

    static String fillTemplate(String template, Map<String, String> values) {
        return FIELD.matcher(template).replaceAll(field -> {
            String value = values.get(field.group(1));
            if (value == null) {
                throw new IllegalArgumentException(field.group(1) + " has no value");
            }
            return Matcher.quoteReplacement(value);
        });
    }
}
