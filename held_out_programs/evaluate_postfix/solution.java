import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.function.IntBinaryOperator;

class Solution {
    private static final Map<String, IntBinaryOperator> OPERATORS =
        Map.of("+", (a, b) -> a + b, "-", (a, b) -> a - b, "*", (a, b) -> a * b);

    static int evaluatePostfix(String expression) {
        Deque<Integer> values = new ArrayDeque<>();
        for (String word : expression.split(" ")) {
            IntBinaryOperator operator = OPERATORS.get(word);
            if (operator == null) {
                values.push(Integer.parseInt(word));
                continue;
            }
            if (values.size() < 2) {
                throw new IllegalArgumentException(word + " lacks an operand");
            }
            int right = values.pop();
            values.push(operator.applyAsInt(values.pop(), right));
        }
        if (values.size() != 1) {
            throw new IllegalArgumentException(values.size() + " values are left");
        }
        return values.pop();
    }
}
