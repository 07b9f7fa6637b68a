import java.util.List;

class Solution {
    static int bowlingScore(List<Integer> rolls) {
        require(rolls.stream().allMatch(pins -> pins >= 0 && pins <= 10), "a roll is not from 0 to 10");
        int score = 0;
        int first = 0;
        int end = 0;
        for (int frame = 0; frame < 10; frame++) {
            boolean isStrike = first < rolls.size() && rolls.get(first) == 10;
            int pins = isStrike ? 10 : sum(rolls, first, 2);
            require(pins <= 10, "a frame has more than ten pins");
            int counted = pins == 10 ? 3 : 2;
            score += sum(rolls, first, counted);
            end = first + counted;
            first += isStrike ? 1 : 2;
        }
        require(end == rolls.size(), "rolls are left over");
        return score;
    }

    private static int sum(List<Integer> rolls, int first, int count) {
        require(first + count <= rolls.size(), "rolls are missing");
        return rolls.subList(first, first + count).stream().mapToInt(Integer::intValue).sum();
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException(problem);
        }
    }
}
