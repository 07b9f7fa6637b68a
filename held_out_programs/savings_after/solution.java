class Solution {
    static double savingsAfter(double balance, double rate, double deposit, int years) {
        if (years < 0) {
            throw new IllegalArgumentException("the number of years is negative");
        }
        double saved = balance;
        for (int year = 0; year < years; year++) {
            saved += saved * rate / 100 + deposit;
        }
        return Math.round(saved * 100) / 100.0;
    }
}
