//go:build !race

package engine_test

// slower divides how often the long tests repeat themselves.
const slower = 1
