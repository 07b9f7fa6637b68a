class Solution {
    static int evaluateExpression(String expression) {
        Parser parser = new Parser(expression);
        int value = parser.sum();
        if (parser.peek() != Parser.END) {
            throw new IllegalArgumentException("unexpected " + parser.peek());
        }
        return value;
    }

    private static class Parser {
        static final char END = '\0';

        private final String text;
        private int position;

        Parser(String text) {
            this.text = text;
        }

        char peek() {
            while (position < text.length() && text.charAt(position) == ' ') {
                position++;
            }
            return position < text.length() ? text.charAt(position) : END;
        }

        private boolean accept(char wanted) {
            if (peek() != wanted) {
                return false;
            }
            position++;
            return true;
        }

        int sum() {
            int value = product();
            while (true) {
                if (accept('+')) {
                    value += product();
                } else if (accept('-')) {
                    value -= product();
                } else {
                    return value;
                }
            }
        }

        private int product() {
            int value = factor();
            while (true) {
                if (accept('*')) {
                    value *= factor();
                } else if (accept('/')) {
                    int divisor = factor();
                    if (divisor == 0) {
                        throw new IllegalArgumentException("division by zero");
                    }
                    value /= divisor;
                } else {
                    return value;
                }
            }
        }

        private int factor() {
            if (accept('-')) {
                return -factor();
            }
            if (accept('(')) {
                int value = sum();
                if (!accept(')')) {
                    throw new IllegalArgumentException("a bracket is not closed");
                }
                return value;
            }
            if (!Character.isDigit(peek())) {
                throw new IllegalArgumentException("a number is missing at " + position);
            }
            int start = position;
            while (position < text.length() && Character.isDigit(text.charAt(position))) {
                position++;
            }
            return Integer.parseInt(text.substring(start, position));
        }
    }
}
