package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoVolume says that no volume of a size could be made.
var ErrNoVolume = errors.New("pgtest: a volume of its own for the data takes root and the right to mount a tmpfs")

// makeRoom mounts a volume of that size, in bytes, where the data directory is to be. The
// guard takes it away.
func (c *Cluster) makeRoom(ctx context.Context, size int64) error {
	if os.Geteuid() != 0 {
		return ErrNoVolume
	}
	if err := os.Mkdir(c.data(), 0o700); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	out, err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d,mode=0700", size), "anteroom-test", c.data()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %w: %s", ErrNoVolume, err, strings.TrimSpace(string(out)))
	}
	return c.in.give(c.data())
}

// Fill takes all room on the volume but so many bytes, until what it returns is called. The
// server goes on.
func (c *Cluster) Fill(left int64) (free func() error, err error) {
	path := filepath.Join(c.data(), "ballast")
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	block := make([]byte, 1<<20)
	size := int64(0)
	for err == nil {
		var n int
		n, err = f.Write(block)
		size += int64(n)
	}
	err = errors.Join(f.Truncate(max(0, size-left)), f.Close())
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return func() error { return os.Remove(path) }, nil
}

// Ended reports whether the server has ended by itself or was stopped.
func (c *Cluster) Ended() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}
