// Package simulation runs the whole engine against random events, faults of the store and
// of endpoints, and a clock that jumps, one step after another in one thread: the same seed
// gives the same run, so that a failure found once can be looked at again. It holds tests
// only.
//
//	go test ./internal/simulation                              2,000 seeds of 500 steps
//	ANTEROOM_SEED=17 go test ./internal/simulation -v          one of them, with its steps
//	ANTEROOM_SEEDS=200000 go test ./internal/simulation -timeout 0
package simulation
