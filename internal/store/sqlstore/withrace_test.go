//go:build race

package sqlstore

// underRace says that the race detector is on, which makes everything many times as slow.
const underRace = true
