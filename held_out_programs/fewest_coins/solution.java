import java.util.Arrays;
import java.util.List;
import java.util.Optional;

class Solution {
    static Optional<Integer> fewestCoins(List<Integer> coins, int amount) {
        int unreachable = amount + 1;
        int[] fewest = new int[amount + 1];
        Arrays.fill(fewest, unreachable);
        fewest[0] = 0;
        for (int coin : coins) {
            for (int total = coin; total <= amount; total++) {
                fewest[total] = Math.min(fewest[total], fewest[total - coin] + 1);
            }
        }
        return fewest[amount] == unreachable ? Optional.empty() : Optional.of(fewest[amount]);
    }
}
