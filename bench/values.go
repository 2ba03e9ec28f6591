package main

import (
	"slices"
	"time"
)

// values are the figures of a run: for each key one of each round.
type values struct{ all map[string][]float64 }

func newValues() *values { return &values{all: map[string][]float64{}} }

func (v *values) add(key string, x float64) { v.all[key] = append(v.all[key], x) }

// addTime adds a time in milliseconds.
func (v *values) addTime(key string, d time.Duration) { v.add(key, ms(d)) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// has reports whether there are figures for the key.
func (v *values) has(key string) bool { return len(v.all[key]) > 0 }

// median is the middle of the rounds; zero where there are none.
func (v *values) median(key string) float64 {
	all := slices.Sorted(slices.Values(v.all[key]))
	n := len(all)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return all[n/2]
	}
	return (all[n/2-1] + all[n/2]) / 2
}

// ratio is the median of the ratios of each round: what drifts from round to round drifts
// for both.
func (v *values) ratio(a, b string) float64 {
	n := min(len(v.all[a]), len(v.all[b]))
	r := newValues()
	for i := range n {
		if v.all[b][i] != 0 {
			r.add("", v.all[a][i]/v.all[b][i])
		}
	}
	return r.median("")
}

// percentile returns what so many of a hundred samples do not exceed. It sorts them.
func percentile(samples []time.Duration, p int) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	slices.Sort(samples)
	return samples[min(len(samples)-1, len(samples)*p/100)]
}
