use std::collections::BTreeSet;

fn friend_groups(pairs: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for pair in pairs {
        let mut merged: BTreeSet<String> = pair.iter().cloned().collect();
        let (touched, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| pair.iter().any(|name| group.contains(name)));
        merged.extend(touched.into_iter().flatten());
        groups = apart;
        groups.push(merged);
    }
    groups.sort();
    groups.into_iter().map(|group| group.into_iter().collect()).collect()
}
