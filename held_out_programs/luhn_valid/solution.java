class Solution {
    static boolean luhnValid(String number) {
        String digits = number.replace(" ", "");
        if (!digits.matches("[0-9]{2,}")) {
            return false;
        }
        int sum = 0;
        for (int place = 1; place <= digits.length(); place++) {
            int digit = Character.digit(digits.charAt(digits.length() - place), 10);
            if (place % 2 == 0) {
                digit *= 2;
            }
            sum += digit > 9 ? digit - 9 : digit;
        }
        return sum % 10 == 0;
    }
}
