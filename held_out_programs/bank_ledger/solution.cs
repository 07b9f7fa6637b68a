using System;
using System.Collections.Generic;

static class Solution
{
    public static Dictionary<string, int> BankLedger(List<string> transactions)
    {
        var balances = new Dictionary<string, int>();
        foreach (string transaction in transactions)
        {
            string[] words = transaction.Split(' ');
            if (words[0] == "open")
            {
                balances.Add(words[1], 0);
                continue;
            }
            int amount = int.Parse(words[words.Length - 1]);
            if (amount <= 0)
                throw new ArgumentException("the amount is not positive: " + transaction);
            if (words[0] != "deposit")
                Change(balances, words[1], -amount);
            if (words[0] != "withdraw")
                Change(balances, words[words.Length - 2], amount);
        }
        return balances;
    }

    static void Change(Dictionary<string, int> balances, string name, int amount)
    {
        if (!balances.TryGetValue(name, out int balance))
            throw new ArgumentException(name + " has no account");
        if (balance + amount < 0)
            throw new ArgumentException(name + " has only " + balance);
        balances[name] = balance + amount;
    }
}
