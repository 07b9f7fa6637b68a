"""What a cluster would take and cost, before it is started: prices, the cluster's file, a simulated schedule."""
