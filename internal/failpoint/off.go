//go:build !failpoint

// Package failpoint marks the places at which crash tests kill the process. In a binary
// built without the tag "failpoint" they are nothing.
package failpoint

// Hit marks a place.
func Hit(string) {}
