use std::cmp::Reverse;

fn split_cents(amount: i64, weights: &[i64]) -> Result<Vec<i64>, String> {
    let total: i64 = weights.iter().sum();
    if amount < 0 || total <= 0 || weights.iter().any(|&weight| weight < 0) {
        return Err("the amount and weights must not be negative, nor all weights 0".to_string());
    }
    let mut parts: Vec<i64> = weights.iter().map(|weight| amount * weight / total).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&k| Reverse(amount * weights[k] % total));
    let left = amount - parts.iter().sum::<i64>();
    for &k in order.iter().take(left as usize) {
        parts[k] += 1;
    }
    Ok(parts)
}
