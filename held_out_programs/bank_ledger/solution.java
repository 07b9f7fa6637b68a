import java.util.List;
import java.util.Map;
import java.util.TreeMap;

class Solution {
    static Map<String, Integer> bankLedger(List<String> transactions) {
        Ledger ledger = new Ledger();
        for (String transaction : transactions) {
            String[] words = transaction.split(" ");
            switch (words[0]) {
                case "open" -> ledger.open(words[1]);
                case "deposit" -> ledger.change(words[1], positive(words[2]));
                case "withdraw" -> ledger.change(words[1], -positive(words[2]));
                default -> {
                    ledger.change(words[1], -positive(words[3]));
                    ledger.change(words[2], positive(words[3]));
                }
            }
        }
        return ledger.balances;
    }

    private static int positive(String amount) {
        int value = Integer.parseInt(amount);
        if (value <= 0) {
            throw new IllegalArgumentException(amount + " is not positive");
        }
        return value;
    }

    private static class Ledger {
        final Map<String, Integer> balances = new TreeMap<>();

        void open(String name) {
            if (balances.putIfAbsent(name, 0) != null) {
                throw new IllegalArgumentException(name + " has an account already");
            }
        }

        void change(String name, int amount) {
            Integer balance = balances.get(name);
            if (balance == null || balance + amount < 0) {
                throw new IllegalArgumentException(name + " has no account or not enough");
            }
            balances.put(name, balance + amount);
        }
    }
}
