package main

import (
	"fmt"
	"strconv"
	"strings"
)

type ledger map[string]int

func (l ledger) change(name string, amount int) error {
	balance, known := l[name]
	if !known {
		return fmt.Errorf("%s has no account", name)
	}
	if balance+amount < 0 {
		return fmt.Errorf("%s has only %d", name, balance)
	}
	l[name] = balance + amount
	return nil
}

func (l ledger) apply(words []string) error {
	if words[0] == "open" {
		if _, known := l[words[1]]; known {
			return fmt.Errorf("%s has an account already", words[1])
		}
		l[words[1]] = 0
		return nil
	}
	amount, err := strconv.Atoi(words[len(words)-1])
	if err != nil || amount <= 0 {
		return fmt.Errorf("the amount of %v is not positive", words)
	}
	switch words[0] {
	case "deposit":
		return l.change(words[1], amount)
	case "withdraw":
		return l.change(words[1], -amount)
	}
	if err := l.change(words[1], -amount); err != nil {
		return err
	}
	return l.change(words[2], amount)
}

func bankLedger(transactions []string) (map[string]int, error) {
	balances := make(ledger)
	for _, transaction := range transactions {
		if err := balances.apply(strings.Fields(transaction)); err != nil {
			return nil, err
		}
	}
	return balances, nil
}
