import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

class Solution {
    static List<Integer> splitCents(int amount, List<Integer> weights) {
        long total = weights.stream().mapToLong(Integer::longValue).sum();
        if (amount < 0 || total <= 0 || weights.stream().anyMatch(weight -> weight < 0)) {
            throw new IllegalArgumentException("the amount and weights must not be negative, nor all weights 0");
        }
        List<Integer> parts = new ArrayList<>();
        int left = amount;
        for (int weight : weights) {
            int part = (int) ((long) amount * weight / total);
            parts.add(part);
            left -= part;
        }
        IntStream.range(0, weights.size())
            .boxed()
            .sorted(Comparator.comparing(k -> -((long) amount * weights.get(k) % total)))
            .limit(left)
            .forEach(k -> parts.set(k, parts.get(k) + 1));
        return parts;
    }
}
