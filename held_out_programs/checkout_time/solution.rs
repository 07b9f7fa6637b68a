use std::cmp::Reverse;
use std::collections::BinaryHeap;

fn checkout_time(minutes: &[i64], tills: i64) -> Result<i64, String> {
    if tills < 1 {
        return Err("there is no till".to_string());
    }
    let mut free_at: BinaryHeap<Reverse<i64>> = (0..tills).map(|_| Reverse(0)).collect();
    for needed in minutes {
        if let Some(mut first) = free_at.peek_mut() {
            first.0 += needed;
        }
    }
    Ok(free_at.into_iter().map(|Reverse(time)| time).max().unwrap_or(0))
}
