import java.util.Locale;

class Solution {
    static String formatMoney(long cents, String currency) {
        String sign = cents < 0 ? "-" : "";
        long positive = Math.abs(cents);
        return String.format(Locale.ROOT, "%s%s%,d.%02d", sign, currency, positive / 100, positive % 100);
    }
}
