//go:build race

package server

// backlogSize is how many timers fall due while the server is down; fewer, as the race
// detector makes each take many times as long.
const backlogSize = 2000
