//go:build !race

package load_test

// manyWait is how many requests wait in TestManyWait.
const manyWait = 100000
