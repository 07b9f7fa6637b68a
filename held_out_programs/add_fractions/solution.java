import java.util.List;

class Solution {
    private record Fraction(int numerator, int denominator) {
        static Fraction reduced(int numerator, int denominator) {
            int divisor = gcd(numerator, denominator) * Integer.signum(denominator);
            return new Fraction(numerator / divisor, denominator / divisor);
        }

        static Fraction parse(String text) {
            String[] parts = text.split("/");
            int denominator = parts.length == 1 ? 1 : Integer.parseInt(parts[1]);
            if (denominator == 0 || parts.length > 2) {
                throw new IllegalArgumentException("no fraction: " + text);
            }
            return reduced(Integer.parseInt(parts[0]), denominator);
        }

        Fraction plus(Fraction other) {
            int sum = numerator * other.denominator + other.numerator * denominator;
            return reduced(sum, denominator * other.denominator);
        }

        @Override
        public String toString() {
            return denominator == 1 ? String.valueOf(numerator) : numerator + "/" + denominator;
        }
    }

    static String addFractions(List<String> fractions) {
        return fractions.stream()
            .map(Fraction::parse)
            .reduce(new Fraction(0, 1), Fraction::plus)
            .toString();
    }

    private static int gcd(int a, int b) {
        return b == 0 ? Math.abs(a) : gcd(b, a % b);
    }
}
