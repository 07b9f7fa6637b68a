package main

import (
	"errors"
	"fmt"
)

func evaluateExpression(expression string) (int, error) {
	p := &parser{text: expression}
	value := p.sum()
	if p.failure == nil && p.peek() != end {
		p.fail(fmt.Errorf("unexpected %q", p.peek()))
	}
	return value, p.failure
}

const end = byte(0xff)

type parser struct {
	text    string
	at      int
	failure error
}

func (p *parser) fail(failure error) {
	if p.failure == nil {
		p.failure = failure
	}
	p.at = len(p.text)
}

func (p *parser) peek() byte {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	if p.at == len(p.text) {
		return end
	}
	return p.text[p.at]
}

func (p *parser) accept(wanted byte) bool {
	if p.peek() != wanted {
		return false
	}
	p.at++
	return true
}

func (p *parser) sum() int {
	value := p.product()
	for {
		switch {
		case p.accept('+'):
			value += p.product()
		case p.accept('-'):
			value -= p.product()
		default:
			return value
		}
	}
}

func (p *parser) product() int {
	value := p.factor()
	for {
		switch {
		case p.accept('*'):
			value *= p.factor()
		case p.accept('/'):
			divisor := p.factor()
			if divisor == 0 {
				p.fail(errors.New("division by zero"))
				return 0
			}
			value /= divisor
		default:
			return value
		}
	}
}

func (p *parser) factor() int {
	if p.accept('-') {
		return -p.factor()
	}
	if p.accept('(') {
		value := p.sum()
		if !p.accept(')') {
			p.fail(errors.New("a bracket is not closed"))
		}
		return value
	}
	if !isDigit(p.peek()) {
		p.fail(errors.New("a number is missing"))
		return 0
	}
	value := 0
	for p.at < len(p.text) && isDigit(p.text[p.at]) {
		value = value*10 + int(p.text[p.at]-'0')
		p.at++
	}
	return value
}

func isDigit(character byte) bool {
	return '0' <= character && character <= '9'
}
