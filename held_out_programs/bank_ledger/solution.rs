use std::collections::HashMap;

fn bank_ledger(transactions: &[String]) -> Result<HashMap<String, i64>, String> {
    let mut balances = HashMap::new();
    for transaction in transactions {
        let words: Vec<&str> = transaction.split(' ').collect();
        match words[..] {
            ["open", name] => {
                if balances.insert(name.to_string(), 0).is_some() {
                    return Err(format!("{name} has an account already"));
                }
            }
            ["deposit", name, amount] => change(&mut balances, name, positive(amount)?)?,
            ["withdraw", name, amount] => change(&mut balances, name, -positive(amount)?)?,
            ["transfer", payer, payee, amount] => {
                change(&mut balances, payer, -positive(amount)?)?;
                change(&mut balances, payee, positive(amount)?)?;
            }
            _ => return Err(format!("unknown transaction: {transaction}")),
        }
    }
    Ok(balances)
}

fn change(balances: &mut HashMap<String, i64>, name: &str, amount: i64) -> Result<(), String> {
    let balance = balances.get_mut(name).ok_or_else(|| format!("{name} has no account"))?;
    if *balance + amount < 0 {
        return Err(format!("{name} has only {balance}"));
    }
    *balance += amount;
    Ok(())
}

fn positive(amount: &str) -> Result<i64, String> {
    match amount.parse() {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(format!("{amount} is not positive")),
    }
}
