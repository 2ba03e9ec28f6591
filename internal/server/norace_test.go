//go:build !race

package server

// backlogSize is how many timers fall due while the server is down.
const backlogSize = 10000
