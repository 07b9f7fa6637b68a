function bankLedger(transactions) {
  const balances = new Map();

  const change = (name, amount) => {
    if (!balances.has(name)) {
      throw new Error(`${name} has no account`);
    }
    if (balances.get(name) + amount < 0) {
      throw new Error(`${name} has only ${balances.get(name)}`);
    }
    balances.set(name, balances.get(name) + amount);
  };

  const positive = (amount) => {
    if (!(Number(amount) > 0)) {
      throw new Error(`${amount} is not positive`);
    }
    return Number(amount);
  };

  const actions = {
    open(name) {
      if (balances.has(name)) {
        throw new Error(`${name} has an account already`);
      }
      balances.set(name, 0);
    },
    deposit: (name, amount) => change(name, positive(amount)),
    withdraw: (name, amount) => change(name, -positive(amount)),
    transfer(payer, payee, amount) {
      change(payer, -positive(amount));
      change(payee, positive(amount));
    },
  };

  for (const transaction of transactions) {
    const [kind, ...details] = transaction.split(" ");
    actions[kind](...details);
  }
  return balances;
}
