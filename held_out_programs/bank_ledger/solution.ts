class LedgerError extends Error {}

function bankLedger(transactions: string[]): Map<string, number> {
  const balances = new Map<string, number>();
  for (const transaction of transactions) {
    const [kind, ...words] = transaction.split(" ");
    if (kind === "open") {
      if (balances.has(words[0])) {
        throw new LedgerError(`${words[0]} has an account already`);
      }
      balances.set(words[0], 0);
      continue;
    }
    const amount = Number(words.pop());
    if (!(amount > 0)) {
      throw new LedgerError(`the amount of "${transaction}" is not positive`);
    }
    const payer = kind === "deposit" ? undefined : words.shift();
    const payee = words.shift();
    if (payer !== undefined) {
      balances.set(payer, balanceOf(balances, payer, amount) - amount);
    }
    if (payee !== undefined) {
      balances.set(payee, balanceOf(balances, payee, 0) + amount);
    }
  }
  return balances;
}

function balanceOf(balances: Map<string, number>, name: string, least: number): number {
  const balance = balances.get(name);
  if (balance === undefined || balance < least) {
    throw new LedgerError(`${name} has no account or not enough`);
  }
  return balance;
}
