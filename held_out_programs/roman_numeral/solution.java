class Solution {
    private static final int[] VALUES = {1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1};
    private static final String[] LETTERS = {
        "M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"
    };

    static String romanNumeral(int number) {
        if (number < 1 || number > 3999) {
            throw new IllegalArgumentException(number + " has no Roman numeral");
        }
        StringBuilder numeral = new StringBuilder();
        int rest = number;
        for (int k = 0; k < VALUES.length; k++) {
            numeral.append(LETTERS[k].repeat(rest / VALUES[k]));
            rest %= VALUES[k];
        }
        return numeral.toString();
    }
}
