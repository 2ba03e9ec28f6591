//go:build !race

package engine_test

// slower divides how often the long tests repeat themselves.
const slower = 1

// clockSeeds is how many clocks step in TestAClockThatStepsRepeatsNothing.
const clockSeeds = 40
