fn fewest_coins(coins: &[i64], amount: i64) -> Option<i64> {
    let mut fewest: Vec<Option<i64>> = vec![Some(0)];
    for total in 1..=amount {
        let best = coins
            .iter()
            .filter(|&&coin| coin <= total)
            .filter_map(|&coin| fewest[(total - coin) as usize])
            .min();
        fewest.push(best.map(|count| count + 1));
    }
    fewest[amount as usize]
}
