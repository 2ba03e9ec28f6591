//go:build race

package engine_test

// slower divides how often the long tests repeat themselves: under the race detector
// each turn takes many times as long.
const slower = 5

// clockSeeds is how many clocks step in TestAClockThatStepsRepeatsNothing, where nothing
// happens at once: the run without the race detector has them all.
const clockSeeds = 2
