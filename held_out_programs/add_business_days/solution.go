package main

import (
	"errors"
	"time"
)

func addBusinessDays(date string, days int) (string, error) {
	if days < 0 {
		return "", errors.New("the number of days is negative")
	}
	day, err := time.Parse("2006-01-02", date)
	if err != nil {
		return "", err
	}
	for days > 0 {
		day = day.AddDate(0, 0, 1)
		if weekday := day.Weekday(); weekday != time.Saturday && weekday != time.Sunday {
			days--
		}
	}
	return day.Format("2006-01-02"), nil
}
