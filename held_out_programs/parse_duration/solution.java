import java.util.regex.Matcher;
import java.util.regex.Pattern;

class Solution {
    private static final Pattern DURATION =
        Pattern.compile(" *(?:(\\d+)d)? *(?:(\\d+)h)? *(?:(\\d+)m)? *(?:(\\d+)s)? *");
    private static final int[] SECONDS = {86_400, 3_600, 60, 1};

    static int parseDuration(String text) {
        Matcher match = DURATION.matcher(text);
        if (text.isBlank() || !match.matches()) {
            throw new IllegalArgumentException("no duration: " + text);
        }
        int total = 0;
        for (int unit = 0; unit < SECONDS.length; unit++) {
            String number = match.group(unit + 1);
            if (number != null) {
                total += Integer.parseInt(number) * SECONDS[unit];
            }
        }
        return total;
    }
}
