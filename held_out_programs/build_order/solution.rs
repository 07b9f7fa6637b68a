use std::collections::{BTreeSet, HashMap};

fn build_order(needs: &HashMap<String, Vec<String>>) -> Result<Vec<String>, String> {
    let mut waiting: BTreeSet<&String> = needs.keys().collect();
    let mut order: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let next = waiting
            .iter()
            .copied()
            .find(|&name| needs[name].iter().all(|need| order.contains(need)))
            .ok_or_else(|| format!("packages need each other: {:?}", waiting))?;
        waiting.remove(next);
        order.push(next.clone());
    }
    Ok(order)
}
