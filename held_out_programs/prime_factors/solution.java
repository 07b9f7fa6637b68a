import java.util.ArrayList;
import java.util.List;

class Solution {
    static List<Integer> primeFactors(int number) {
        if (number < 1) {
            throw new IllegalArgumentException(number + " has no prime factors");
        }
        List<Integer> factors = new ArrayList<>();
        int rest = number;
        for (int divisor = 2; (long) divisor * divisor <= rest; divisor++) {
            while (rest % divisor == 0) {
                factors.add(divisor);
                rest /= divisor;
            }
        }
        if (rest > 1) {
            factors.add(rest);
        }
        return factors;
    }
}
