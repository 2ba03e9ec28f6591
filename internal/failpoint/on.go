//go:build failpoint

// Package failpoint marks the places at which crash tests kill the process. In a binary
// built without the tag "failpoint" they are nothing.
//
// The variable ANTEROOM_FAILPOINT names a place and the number of the visit at which the
// process kills itself there with SIGKILL: "after-commit:17".
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var (
	place, countdown = parse(os.Getenv("ANTEROOM_FAILPOINT"))
	visits           atomic.Int64
)

func parse(s string) (string, int64) {
	name, n, _ := strings.Cut(s, ":")
	count, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		count = 1
	}
	return name, count
}

// Hit marks a place.
func Hit(name string) {
	if name != place || visits.Add(1) != countdown {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing more happens in this process
}
