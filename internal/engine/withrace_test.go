//go:build race

package engine_test

// slower divides how often the long tests repeat themselves: under the race detector
// each turn takes many times as long.
const slower = 5
