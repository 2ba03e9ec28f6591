//go:build failpoint

// Package failpoint marks the places at which crash tests kill the process. In a binary
// built without the tag "failpoint" they are nothing.
//
// The variable ANTEROOM_FAILPOINT names a place and the number of the visit at which the
// process kills itself there with SIGKILL, "after-commit:17", or stops itself with SIGSTOP
// until somebody sends SIGCONT, "stop:after-commit:17".
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var (
	place, countdown, stops = parse(os.Getenv("ANTEROOM_FAILPOINT"))
	visits                  atomic.Int64
)

func parse(s string) (place string, visit int64, stops bool) {
	s, stops = strings.CutPrefix(s, "stop:")
	name, n, _ := strings.Cut(s, ":")
	count, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		count = 1
	}
	return name, count, stops
}

// Hit marks a place.
func Hit(name string) {
	if name != place || visits.Add(1) != countdown {
		return
	}
	if stops {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		return // it goes on
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing more happens in this process
}
